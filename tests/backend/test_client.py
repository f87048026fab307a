"""A client that is made from the API's document, as docs/api.md tells, against a service."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.browser import service
from tests.small_runs import ROOT

NAME = "spanscope_client"
DOCS = (ROOT / "docs/api.md").read_text(encoding="utf-8").rpartition("## Clients")[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
def made(client: TestClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Made without a warning; what it needs no formatter for is left unformatted."""
    folder = tmp_path_factory.mktemp("client")
    document, config = folder / "openapi.json", folder / "client.yaml"
    document.write_bytes(client.get("/openapi.json").content)
    (overrides,) = re.findall(r"^echo '(.*)' > client.yaml$", DOCS, re.MULTILINE)
    config.write_text(f"{overrides}\npost_hooks: []\n", encoding="utf-8")
    options = {"path": document, "config": config, "output-path": folder / NAME, "meta": "none"}
    arguments = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    found = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def test_it_reads_lists_spans_and_texts_and_says_what_is_refused(address: str) -> None:
    models = import_module(f"{NAME}.models")
    with import_module(NAME).Client(address, follow_redirects=True) as client:

        def call(operation: str, *arguments: Any, **named: Any) -> Any:
            return import_module(f"{NAME}.api.{operation}").sync(*arguments, client=client, **named)

        (item,) = call("checkpoints.list_checkpoints", limit=1).items
        spans = call("checkpoints.get_spans", item.id)
        assert len(spans.heads) == item.layers * item.heads
        assert call("checkpoints.get_spans", "classics-adaptive@latest") == spans
        analysis = call("texts.analyse", item.id, body=models.AnalysisRequest("To be"))
        assert (analysis.checkpoint, analysis.tokens.count) == (item.id, 5)
        wish = models.ContinuationRequest("To", tokens=2)
        assert len(call("texts.continue_text", item.id, body=wish).splitlines()) == 3
        assert "none@1" in call("checkpoints.get_checkpoint", "none@1").detail


def test_the_example_of_the_docs_runs(address: str) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example.replace("http://127.0.0.1:8000", address), names)
    assert names["answer"].tokens.count == 5
