"""What the command line prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.cost import parameters
from analysis.survey import surveys_of
from backend.tables import aligned, presets_table, scaled
from model import corpora, load
from model.corpora import Corpus
from model.evaluate import evaluate
from model.presets import PRESETS
from tests.backend.test_imported import spanscope


@pytest.fixture
def text8(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    tokens = np.random.default_rng(0).integers(27, size=300, dtype=np.uint8)
    corpus = Corpus("text8", "text8", tokens, tokens, tokens, {})
    monkeypatch.setattr(corpora, "load", lambda *_: corpus)
    return tokens


def test_presets_are_tables_of_their_sizes_and_costs() -> None:
    lines = presets_table().splitlines()
    assert max(map(len, lines)) <= 100
    for name, spec in PRESETS.items():
        sizes, training = (line for line in lines if line.startswith(f"{name} "))
        assert f"{parameters(spec.model):,}" in sizes
        assert f" {spec.training.batch} " in training
    small = next(line for line in lines if line.startswith("enwik8-small"))
    assert "138.4M  188.7M" in small


def test_evaluate_prints_how_the_spans_of_a_dynamic_model_move(
    runs: Path,
    text8: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert spanscope(monkeypatch, "evaluate", "moving@10", "--runs", runs) == 0
    first, head, *layers, whole = capsys.readouterr().out.splitlines()
    found = evaluate(load(runs / "moving/checkpoints/step-00000010"), text8)
    assert first == f"moving@10 text8 test: {found.bpc:.4f} bits per character"
    assert head.split() == ["spans", "mean", "p10", "p50", "p90", "paid"] and len(layers) == 2
    assert found.spans
    assert whole.split()[:2] == ["all", f"{found.spans.span.mean():.1f}"]


def test_evaluate_prints_what_a_cut_changes(
    runs: Path,
    text8: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    net = load(runs / "tiny/checkpoints/step-00000010")
    before = evaluate(net, text8).bpc
    with net.cut([(0, 1, 4), (1, 0, 2)]):
        after = evaluate(net, text8).bpc
    cuts = ("--span", "L0H1=4", "--span", "L1H0=2")
    assert spanscope(monkeypatch, "evaluate", "tiny@10", "--runs", runs, *cuts) == 0
    title, head, bits, flops, cache, seconds = capsys.readouterr().out.splitlines()
    assert title == "tiny@10 text8 test, L0H1=4 L1H0=2"
    assert head.split() == ["before", "after", "change"]
    assert bits.split()[3:] == [f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}"]
    # spans of 8, two of them cut: means of 8 and 5.5, sums of 32 and 22
    assert flops.split()[3:] == ["1,280", "1,200", "-6.2%"]
    assert cache.split()[2:] == ["1,024", "704", "-31.2%"]
    assert seconds.startswith("seconds")


@pytest.mark.parametrize(
    "cuts", [["4"], ["L0H0"], ["L9H0=4"], ["L0H0=0"], ["L0H0=41"], ["L0H0=4", "L0H0=5"]]
)
def test_a_cut_that_cannot_be_is_one_line_of_error(
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    cuts: list[str],
) -> None:
    options = [part for cut in cuts for part in ("--span", cut)]
    assert spanscope(monkeypatch, "evaluate", "tiny@10", "--runs", runs, *options) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and cuts[-1] in error


def test_spans_of_a_dynamic_model_are_a_table_with_percentiles(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spanscope(monkeypatch, "spans", "moving@10", "--runs", runs) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "layer,head,z,span,p10,p50,p90,paid,rank" and len(rows) == 4
    assert len(set(rows[0].split(",")[3:7])) == 4


def test_tables_are_aligned_and_numbers_short() -> None:
    assert aligned([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc   d"
    assert [scaled(n) for n in (12, 138_412_032, 19.7e9)] == ["12.0", "138.4M", "19.7G"]


def test_a_survey_lies_beside_its_checkpoint_and_is_made_once(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "A Text.md"
    text.write_text("The quick brown fox jumps over the lazy dog.\n" * 9)
    survey = ("survey", "tiny@10", text, "--runs", runs, "--device", "cpu")
    assert spanscope(monkeypatch, *survey) == 0
    folder = runs / "tiny/surveys/step-00000010/a-text"
    assert capsys.readouterr().out == f"the survey is in {folder}\n"
    assert spanscope(monkeypatch, *survey) == 0
    assert capsys.readouterr().out == f"{folder} is that survey already\n"
    (found,) = surveys_of(runs / "tiny", 10)
    assert found.about["checkpoint"] == "tiny@10" and len(found.heads) == 4
    assert spanscope(monkeypatch, "survey", "tiny@10", "nowhere", "--runs", runs) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: there is no corpus, file or folder") and error.count("\n") == 1


def test_trim_makes_a_run_and_says_what_it_comes_to(
    runs: Path,
    text8: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared = ("--runs", runs, "--output", tmp_path / "short")
    assert spanscope(monkeypatch, "trim", "tiny@10", "--flops", "0.5", *shared) == 0
    first, _, valid, test, _, attention, cache, pace = capsys.readouterr().out.splitlines()
    assert first == f"short@10 is in {tmp_path / 'short'}"
    net, other = (
        load(f / "checkpoints/step-00000010") for f in (runs / "tiny", tmp_path / "short")
    )
    for line, of in ((valid, other), (test, other)):
        assert f"{evaluate(of, text8).bpc:.4f}" in line
    share = other.z.add(8).sum() / net.z.ceil().add(8).clamp(max=40).sum()
    assert share <= 0.5 and attention.split()[-1] == cache.split()[-1] == f"{share - 1:+.1%}"
    assert pace.startswith("tokens a second")
    for wrong in ((), ("--flops", "0.5", "--cache", "0.5")):
        assert spanscope(monkeypatch, "trim", "tiny@10", *wrong, *shared) == 2
    assert spanscope(monkeypatch, "trim", "tiny@10", "--flops", "0.5", *shared) == 1
    assert "short exists: choose another folder" in capsys.readouterr().err
