"""The examples in the API's document, asked of the shipped model: `python -m tests.examples` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from backend.app import create_app
from backend.schemas.examples import FILE
from backend.settings import Settings

API = "/api/v1"
ANALYSIS = {
    "text": "To be, or not to be",
    "context": "HAMLET. ",
    "from": 14,
    "fields": ["span", "distance"],
    "reduce": "all",
    "likeliest": 2,
    "spans": [{"layer": 1, "head": 0, "span": 16}],
}
ATTENTION = {
    "text": "To be",
    "context": "HAMLET. ",
    "heads": [{"layer": 0, "head": 0}],
    "rows": [3, 5],
    "form": "display",
    "pool": 4,
}
CONTINUATION = {"text": "To be, or not to ", "tokens": 4, "temperature": 0.8, "seed": 1}


def asked(client: TestClient) -> dict[str, Any]:
    """Every example, requests and answers, by the name of its schema; that of lines is a text."""
    items = client.get(f"{API}/checkpoints").json()["items"]
    ids = [item["id"] for item in items if item["id"].startswith("classics-adaptive@")]
    pair = [ids[-1], ids[0]]  # the newest is listed first
    shipped, compare = f"{API}/checkpoints/{ids[0]}", f"{API}/checkpoints/compare"
    comparison = {"ids": pair, "text": "To be"}
    return {
        "AnalysisRequest": ANALYSIS,
        "Analysis": client.post(f"{shipped}/analyses", json=ANALYSIS).json(),
        "AttentionRequest": ATTENTION,
        "Attention": client.post(f"{shipped}/attention", json=ATTENTION).json(),
        "ContinuationRequest": CONTINUATION,
        "Continuation": client.post(f"{shipped}/continuations", json=CONTINUATION).text,
        "ids": ",".join(pair),
        "Comparison": client.get(compare, params={"ids": ",".join(pair)}).json(),
        "TextComparisonRequest": comparison,
        "TextComparison": client.post(compare, json=comparison).json(),
        "Published": client.get(f"{API}/published").json(),
    }


if __name__ == "__main__":
    with TestClient(create_app(Settings(runs=Path("/nowhere"), hosts=["testserver"]))) as client:
        FILE.write_text(json.dumps(asked(client), indent=1, ensure_ascii=False) + "\n")
