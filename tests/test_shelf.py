"""What the shipped checkpoint claims, held against its weights."""

from __future__ import annotations

import json
import re

import pytest

from backend.catalogue import Catalogue, Entry
from backend.settings import SHELF
from model import checkpoint
from model.evaluate import bits_per_character

ADAPTIVE = "classics-adaptive"
ROOT = SHELF.parent.parent


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [e for e in Catalogue([SHELF]).entries() if e.run.name == ADAPTIVE]


def test_upper_layers_look_three_times_as_far_as_lower_ones_at_the_last_three_evaluations(
    entries: list[Entry],
) -> None:
    evaluated = [line["step"] for line in entries[0].run.metrics()]
    assert [entry.step for entry in entries] == evaluated[:-4:-1]
    for entry in entries:
        third = entry.spec.model.layers // 3
        assert entry.z[-third:].mean() >= 3 * entry.z[:third].mean(), entry.id


def test_the_metrics_are_those_of_the_weights(entries: list[Entry]) -> None:
    by_step = {line["step"]: line["z"] for line in entries[0].run.metrics()}
    for entry in entries:
        assert entry.z.flatten().tolist() == pytest.approx(
            [z for layer in by_step[entry.step] for z in layer], abs=1e-3
        )


def test_the_card_says_what_the_run_says(entries: list[Entry]) -> None:
    card = (entries[0].run.folder / "README.md").read_text(encoding="utf-8")
    bpc = entries[0].summary["bpc"]
    assert f"| bits per character, valid | {bpc['valid']:.4f} |" in card
    assert f"| bits per character, test | {bpc['test']:.4f} |" in card
    assert f"{entries[0].summary['tokens']:,} (" in card
    assert bpc["test"] < 2.1 and entries[0].summary["tokens"] >= 25_000_000


def test_the_weights_give_the_bpc_of_the_last_evaluation(entries: list[Entry]) -> None:
    """Of the same part of valid; the corpus is fetched where it is not prepared yet."""
    from model.corpora import CorpusError, load

    try:
        corpus = load("classics")
    except CorpusError as error:
        pytest.skip(f"classics cannot be had here: {error}")
    training = entries[0].spec.training
    part = corpus.valid[: training.evaluate_tokens]
    bpc = bits_per_character(checkpoint.load(entries[0].folder), part, training.batch)
    assert bpc == pytest.approx(entries[0].run.metrics()[-1]["bpc"], abs=1e-4)


def test_the_shelf_is_small_and_holds_nothing_to_unpickle() -> None:
    files = [path for path in SHELF.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".jsonl", ".md"}
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))


def test_the_checkpoint_that_the_words_name_is_there() -> None:
    for text in (ROOT / "README.md", ROOT / "analysis/__init__.py"):
        named = re.findall(r"model/shelf/[\w/-]+", text.read_text(encoding="utf-8"))
        assert named and all((ROOT / path.removesuffix("/README")).exists() for path in named)


def test_cards_name_no_path_of_a_machine() -> None:
    for card in SHELF.glob("*/README.md"):
        assert not re.search(r"/(home|root|work|tmp)/", card.read_text(encoding="utf-8"))
