"""Several processes, several parts of a batch, fewer digits: what changes, and what must not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from model import train
from model.corpora import load
from model.ranks import Ranks
from model.runs import Run, RunError
from model.trainer import Trainer
from tests.small_runs import (
    SPEC,
    events,
    prepared_corpus,
    process,
    same_weights,
    wait_until,
    weights,
    without_seconds,
)

TORCHRUN = ("torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1")
TORCHRUN += ("--nproc-per-node", "2")
EXACT = SPEC.replace(
    dropout=0.0, precision="float64", steps=50, evaluate_every=5, keep=50, learning_rate=1e-2
)
KINDS = [(variant, parts) for variant in ("adaptive", "dynamic") for parts in (1, 2)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_corpus(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Runs of every kind, trained by two ranks."""
    runs = tmp_path_factory.mktemp("two")
    names = []
    for variant, parts in KINDS:
        names.append(f"{variant}-{parts}")
        Run.create(runs, names[-1], EXACT.replace(variant=variant, accumulate=parts))
    started = process(*TORCHRUN, "-m", "tests.several_ranks", runs, data, *names)
    said, _ = started.communicate(timeout=120)
    assert started.returncode == 0, said
    return runs


@pytest.fixture(scope="module")
def by_one(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """The same by this process, the whole batch at once."""
    runs = tmp_path_factory.mktemp("one")
    for variant in ("adaptive", "dynamic"):
        assert train.train(Run.create(runs, variant, EXACT.replace(variant=variant)), data=data)
    return runs


def assert_same_curve(one: Run, other: Run, tolerance: float = 1e-5) -> None:
    """Loss, bpc and lengths at every evaluation."""
    assert len(one.metrics()) == one.spec.training.steps // one.spec.training.evaluate_every
    for mine, theirs in zip(one.metrics(), other.metrics(), strict=True):
        for name in ("step", "tokens", "loss", "bpc"):
            assert mine[name] == pytest.approx(theirs[name], rel=0, abs=tolerance), name
        assert mine["z"] == [pytest.approx(layer, abs=2e-3) for layer in theirs["z"]]


@pytest.mark.parametrize(("variant", "parts"), KINDS)
def test_two_ranks_give_the_curve_of_one_process(
    variant: str, parts: int, by_one: Path, by_two: Path
) -> None:
    run = Run(by_two / f"{variant}-{parts}")
    assert_same_curve(run, Run(by_one / variant))
    assert events(run) == ["started", *["checkpoint"] * 10, "ended"]
    assert run.metrics()[-1]["bpc"] < run.metrics()[0]["bpc"] - 1


def cut_back(run: Run, step: int, runs: Path) -> Run:
    """A copy that knows nothing of what came after a step."""
    copy = Run(shutil.copytree(run.folder, runs / run.name))
    for later in copy.steps():
        if later > step:
            shutil.rmtree(copy.checkpoint(later))
    return copy


def test_one_process_goes_on_with_what_two_ranks_began(
    tmp_path: Path, by_one: Path, by_two: Path, data: Path
) -> None:
    run = cut_back(Run(by_two / "adaptive-2"), 25, tmp_path)
    assert train.train(run, data=data)
    assert run.log()[-7]["event"] == "resumed" and run.log()[-7]["step"] == 25
    assert_same_curve(run, Run(by_one / "adaptive"))


def test_two_ranks_go_on_with_what_one_began_though_one_of_them_dies(
    tmp_path: Path, data: Path
) -> None:
    whole = Run.create(tmp_path, "a", EXACT.replace(steps=150))
    assert train.train(whole, data=data)
    run = cut_back(whole, 25, tmp_path / "cut")
    lines = len(run.log())
    command = (*TORCHRUN, "--max-restarts", 3, "-m", "model.train", "a", "--device", "cpu")
    started = process(*command, "--runs", tmp_path / "cut", "--data", data)
    try:
        wait_until(lambda: "checkpoint" in new_events(run, lines), started, look_every=0.001)
        os.kill(children(started)[1], signal.SIGKILL)
        said, _ = started.communicate(timeout=120)
    finally:
        started.terminate()  # ends the ranks, too
        started.communicate()
    assert started.returncode == 0, said
    told = [event for event in new_events(run, lines) if event != "checkpoint"]
    assert told[:2] == ["resumed", "resumed"] and told[-1] == "ended"
    assert_same_curve(run, whole)


def new_events(run: Run, lines: int) -> list[str]:
    return events(run)[lines:]


def children(parent: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text()
    return sorted(map(int, listed.split()))


def test_a_batch_that_cannot_be_split_is_refused_by_name(tmp_path: Path, data: Path) -> None:
    run = Run.create(tmp_path, "a", EXACT.replace(batch=6, accumulate=2))
    message = r"run a: batch=6 cannot be split into accumulate=2 parts on each of 2 processes; .* a multiple of 4"
    with pytest.raises(RunError, match=message):
        Trainer(run, load("enwik8", data), "cpu", Ranks(0, 2))


@pytest.mark.parametrize("optimizer", ["adamw", "adagrad"])
@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_parts_of_a_batch_give_what_the_whole_gives(
    variant: str, optimizer: str, tmp_path: Path, data: Path
) -> None:
    spec = EXACT.replace(variant=variant, optimizer=optimizer, steps=10)
    whole = Run.create(tmp_path, "whole", spec)
    train.train(whole, data=data)
    for parts in (2, 4):
        run = Run.create(tmp_path, f"parts-{parts}", spec.replace(accumulate=parts))
        train.train(run, data=data)
        assert_same_curve(run, whole, 1e-9)
        theirs = weights(whole, 10)
        for name, tensor in weights(run, 10).items():
            torch.testing.assert_close(tensor, theirs[name], rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_bfloat16_trains_near_float32(variant: str, tmp_path: Path, data: Path) -> None:
    curves: dict[str, list[dict[str, Any]]] = {}
    for precision in ("float32", "bfloat16"):
        run = Run.create(
            tmp_path, precision, EXACT.replace(variant=variant, precision=precision, steps=30)
        )
        train.train(run, data=data)
        curves[precision] = run.metrics()
        assert {tensor.dtype for tensor in weights(run, 30).values()} == {torch.float32}
    for whole, half in zip(*curves.values(), strict=True):
        assert half["loss"] == pytest.approx(whole["loss"], abs=0.03)
        assert half["bpc"] == pytest.approx(whole["bpc"], abs=0.05)
    assert curves["float32"] != curves["bfloat16"]


def test_heads_grouped_every_16_steps_go_on_between_two_groupings_bit_for_bit(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, where the host looks at z so seldom."""
    begin: Callable[[Trainer], None] = Trainer.begin

    def grouping_seldom(trainer: Trainer) -> None:
        trainer.group_every = 16
        begin(trainer)

    monkeypatch.setattr(Trainer, "begin", grouping_seldom)
    spec = SPEC.replace(steps=40, evaluate_every=11, learning_rate=1e-2, span_penalty=1e-9)
    whole = Run.create(tmp_path, "whole", spec)
    assert train.train(whole, data=data)
    assert whole.metrics()[-1]["z"] != whole.metrics()[0]["z"]
    for step in (11, 22, 33):
        run = cut_back(whole, step, tmp_path / str(step))
        assert train.train(run, data=data)
        assert same_weights(run, whole, 40)
        assert without_seconds(run) == without_seconds(whole)
