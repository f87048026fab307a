"""What the shipped checkpoints claim, held against their weights."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from analysis.survey import surveys_of
from backend.catalogue import Catalogue, Entry
from backend.settings import SHELF
from model import checkpoint
from model.evaluate import bits_per_character
from model.files import digest
from model.runs import Run
from model.ship import SUFFERS

ADAPTIVE = "classics-adaptive"
ROOT = SHELF.parent.parent


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """The newest checkpoint of every run."""
    return Catalogue([SHELF]).entries()


def test_upper_layers_look_three_times_as_far_as_lower_ones_at_the_last_three_evaluations() -> None:
    run = Run(SHELF / ADAPTIVE)
    for line in run.metrics()[-3:]:
        lengths = np.array(line["z"]).mean(1)
        third = len(lengths) // 3
        assert lengths[-third:].mean() >= 3 * lengths[:third].mean(), line["step"]


def test_the_metrics_are_those_of_the_weights(entries: list[Entry]) -> None:
    for entry in entries:
        last = entry.run.metrics()[-1]
        assert last["step"] == entry.step
        if entry.spec.model.variant == "adaptive":  # dynamic ones are means over what was read
            assert entry.z.tolist() == [pytest.approx(layer, abs=1e-3) for layer in last["z"]]


def test_cards_say_what_the_runs_say(entries: list[Entry]) -> None:
    titles = {entry.run.about().get("title") or entry.spec.title for entry in entries}
    assert len(titles) == len(entries)
    for entry in entries:
        card = (entry.run.folder / "README.md").read_text(encoding="utf-8")
        bpc = entry.summary["bpc"]
        assert f"| bits per character, valid | {bpc['valid']:.4f} |" in card
        assert f"| bits per character, test | {bpc['test']:.4f} |" in card
        assert f"{entry.summary['tokens']:,} (" in card
        assert card.splitlines()[0].removeprefix("# ") in titles
        if entry.spec.corpus == "classics":
            assert bpc["test"] < 2.1, entry.id


def test_the_weights_give_the_bpc_of_the_last_evaluation(entries: list[Entry]) -> None:
    """Of the same part of valid; the corpus is fetched where it is not prepared yet."""
    from model.corpora import CorpusError, load

    try:
        corpus = load("classics")
    except CorpusError as error:
        pytest.skip(f"classics cannot be had here: {error}")
    (entry,) = (entry for entry in entries if entry.run.name == ADAPTIVE)
    training = entry.spec.training
    part = corpus.valid[: training.evaluate_tokens]
    bpc = bits_per_character(checkpoint.load(entry.folder), part, training.batch)
    assert bpc == pytest.approx(entry.run.metrics()[-1]["bpc"], abs=SUFFERS)


def test_the_shelf_is_small_and_holds_nothing_to_unpickle() -> None:
    files = [path for path in SHELF.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".jsonl", ".md", ".parquet"}
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))


def test_surveys_are_of_the_weights_beside_them_and_hold_no_text(entries: list[Entry]) -> None:
    found = [
        (entry, survey) for entry in entries for survey in surveys_of(entry.run.folder, entry.step)
    ]
    assert found
    for entry, survey in found:
        assert survey.about["weights"] == digest(entry.folder / "model.safetensors"), entry.id
        assert survey.passages["text"].isna().all(), survey.folder.name


def test_the_checkpoint_that_the_words_name_is_there() -> None:
    for text in (ROOT / "README.md", ROOT / "analysis/__init__.py"):
        named = re.findall(r"model/shelf/[\w/-]+", text.read_text(encoding="utf-8"))
        assert named and all((ROOT / path.removesuffix("/README")).exists() for path in named)


def test_cards_name_no_path_of_a_machine() -> None:
    for card in SHELF.glob("*/README.md"):
        assert not re.search(r"/(home|root|work|tmp)/", card.read_text(encoding="utf-8"))
