"""The examples in the API's document, asked of the shipped model: `python -m tests.examples` writes them.

That of a path is asked of a run that was trimmed from it, `python -m tests.examples RUN`. What cannot be had stays as it is.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from analysis.survey import folder_of, survey
from backend.app import create_app
from backend.document import EXAMPLES
from backend.settings import SHELF, Settings

SHIPPED, OTHER = "classics-adaptive", "classics-fixed"
SHOWN = 3
"""Of a longer list of objects, or of a longer table."""
TEXTS = ("application/json", "text/csv", "application/x-ndjson", "text/event-stream")
TRIM = "shorter"
"""The run that the example of a trim puts in the queue; it is taken out again."""
MINE: dict[str, Any] = {"parameters": {"run": "my-first"}}


def given(shipped: str, other: str, trimmed: str | None) -> dict[str, dict[str, Any] | None]:
    """What is sent, by operation, or None where it cannot be; those that change a run one after another."""
    of_checkpoint = {"parameters": {"id": shipped}}
    run = {"parameters": {"run": shipped.split("@")[0]}}
    text = {"text": "To be", "context": "HAMLET. "}
    wish = {"preset": "quick", "settings": {"variant": "dynamic", "steps": 2000}}
    return {
        "healthz": {},
        "readyz": {},
        "metrics": {},
        "get_session": {},
        "begin_session": {"request": {"token": "what SPANSCOPE_TOKEN says"}},
        "end_session": {},
        "list_checkpoints": {"parameters": {"limit": 1}},
        "get_checkpoint": of_checkpoint,
        "get_spans": of_checkpoint,
        "get_statistics": of_checkpoint,
        "get_heads": of_checkpoint,
        "get_head": {"parameters": {"id": shipped, "layer": 3, "head": 3}},
        "list_surveys": of_checkpoint,
        "get_survey": {"parameters": {"id": shipped, "name": "license"}},
        "get_surveyed_head": {
            "parameters": {"id": shipped, "name": "license", "layer": 3, "head": 3}
        },
        "compare": {"parameters": {"ids": f"{other},{shipped}"}},
        "compare_readings": {"request": {"ids": [other, shipped], "text": "To be"}},
        "analyse": {
            **of_checkpoint,
            "request": {
                "text": "To be, or not to be",
                "context": "HAMLET. ",
                "from": 14,
                "fields": ["span", "distance"],
                "reduce": "all",
                "likeliest": 2,
                "spans": [{"layer": 1, "head": 0, "span": 16}],
            },
        },
        "attend": {
            **of_checkpoint,
            "request": {
                **text,
                "heads": [{"layer": 0, "head": 0}],
                "rows": [3, 5],
                "form": "display",
                "pool": 4,
            },
        },
        "what_if": {
            **of_checkpoint,
            "request": {"spans": [{"layer": 3, "head": 3, "span": 128}]},
        },
        "get_needs": of_checkpoint,
        "get_path": {"parameters": {"id": trimmed}} if trimmed else None,
        "start_trim": {
            **of_checkpoint,
            "request": {"kind": "bpc", "most": 0.01, "name": TRIM},
        },
        "continue_text": {
            **of_checkpoint,
            "request": {"text": "To be, or not to ", "tokens": 4, "temperature": 0.8, "seed": 1},
        },
        "get_limits": {},
        "get_published": {},
        "list_presets": {},
        "list_corpora": {},
        "estimate": {"request": wish},
        "get_metrics": run,
        "get_run_spans": run,
        "start_run": {
            "request": {"name": "my-first", **wish, "note": "does it look further back?"}
        },
        "list_runs": {"parameters": {"limit": 1}},
        "get_run": run,
        "change_run": {**MINE, "request": {"title": "wider"}},
        "stop_run": MINE,
        "get_log": MINE,
        "get_events": MINE,
        "resume_run": MINE,
        "delete_run": {"parameters": {"run": "my-first", "name": "my-first"}},
    }


def prepared(runs: Path) -> Path:
    """A folder of runs with the shipped one, whose last checkpoint has read a text."""
    run = shutil.copytree(SHELF / SHIPPED, runs / SHIPPED)
    folder = sorted((run / "checkpoints").iterdir())[-1]
    survey(folder, [SHELF.parent.parent / "LICENSE"], folder_of(folder, "license"))
    return runs


def asked(client: TestClient) -> dict[str, dict[str, Any]]:
    """Every example: parameters, request, and answers by media type; what cannot be had here is left out."""
    items = client.get("/api/v1/checkpoints").json()["items"]
    shipped, other = (
        next(item["id"] for item in items if item["id"].startswith(f"{name}@"))
        for name in (SHIPPED, OTHER)
    )
    trimmed = next((item["id"] for item in items if item["parent"] == shipped), None)
    operations = {
        operation["operationId"]: (path, method, operation)
        for path, methods in client.get("/openapi.json").json()["paths"].items()
        for method, operation in methods.items()
    }
    examples = {}
    for name, sent in given(shipped, other, trimmed).items():
        if sent is not None and (answers := _answers(client, *operations[name], sent)) is not None:
            examples[name] = {**sent, "answers": answers}
    client.delete(f"/api/v1/runs/{TRIM}?name={TRIM}")
    return examples


def _answers(
    client: TestClient, path: str, method: str, operation: dict[str, Any], sent: dict[str, Any]
) -> dict[str, Any] | None:
    parameters = sent.get("parameters", {})
    query = {name: value for name, value in parameters.items() if f"{{{name}}}" not in path}
    (success,) = (answer for status, answer in operation["responses"].items() if status[0] == "2")
    answers = {}
    for media_type in [one for one in TEXTS if one in success.get("content", {})] or ["*/*"]:
        answer = client.request(
            method,
            path.format(**parameters),
            params=query,
            json=sent.get("request"),
            headers={"Accept": media_type},
        )
        if answer.status_code == 503:
            return None
        assert answer.is_success, answer.text
        if media_type == "application/json":
            answers[media_type] = _shortened(answer.json())
        elif media_type != "*/*":
            kept = SHOWN + 1 if media_type == "text/csv" else None
            answers[media_type] = "".join(answer.text.splitlines(keepends=True)[:kept])
    return answers


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(own) for key, own in value.items()}
    if isinstance(value, list):
        shown = value[:SHOWN] if value and isinstance(value[0], dict) else value
        return [_shortened(own) for own in shown]
    return value


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        runs = prepared(Path(folder))
        if sys.argv[1:]:
            trimmed_run = Path(sys.argv[1])
            shutil.copytree(trimmed_run, runs / trimmed_run.name)
        settings = Settings(runs=runs, hosts=["testserver"])
        with TestClient(create_app(settings)) as client:
            known = json.loads(EXAMPLES.read_text(encoding="utf-8"))
            examples = {**known, **asked(client)}
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n")
