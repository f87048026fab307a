"""What docs/evidence.md tells, held against the shipped weights."""

from __future__ import annotations

import pytest

from analysis.evidence.measures import BEGINNING
from analysis.evidence.sections import growth
from analysis.evidence.trained import TRIO, found
from model.evaluate import bits_per_character
from model.ship import SHELF

PAGE = SHELF.parent.parent / "docs/evidence.md"


def told(column: str) -> dict[str, str]:
    """By model, what the table of bits, spans and cost has in a column."""
    section = PAGE.read_text(encoding="utf-8").split("## Bits, spans and cost\n")[1].split("\n#")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    at = lines[0].index(column)
    return {cells[0]: cells[at] for cells in lines[2:]}


@pytest.mark.parametrize("name", TRIO)
def test_bits_of_the_beginning_of_test_are_those_of_the_shipped_weights(name: str) -> None:
    from model.corpora import CorpusError, load

    try:
        corpus = load("classics")
    except CorpusError as error:
        pytest.skip(f"classics cannot be had here: {error}")
    bits = bits_per_character(found(TRIO, [SHELF])[name].net(), corpus.test[:BEGINNING])
    assert bits == pytest.approx(float(told(f"its first {BEGINNING:,}")[name]), abs=2e-4)


def test_the_page_tells_how_the_shipped_spans_grew() -> None:
    assert growth(found(TRIO, [SHELF])).text in PAGE.read_text(encoding="utf-8")
