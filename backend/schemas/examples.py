"""Real answers of the shipped model, for the API's own document; `python -m tests.examples` asks for them anew."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")


@cache
def _examples() -> dict[str, Any]:
    examples: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return examples


def example(name: str) -> Any:
    """The example of a schema, or the text of a whole answer. Raises KeyError."""
    return _examples()[name]
