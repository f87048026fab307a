"""Full disks, damaged files, exploding losses: what was saved stays, and what can go on does, bit for bit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from model import checkpoint, files, train
from model.runs import Run, RunError
from model.trainer import Trainer
from tests.small_runs import SPEC, events, prepared_corpus, same_weights, without_seconds

DISK_BYTES = 5 << 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_corpus(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Run:
    """An undisturbed run with all its checkpoints."""
    run = Run.create(tmp_path_factory.mktemp("whole"), "whole", SPEC)
    assert train.train(run, data=data)
    assert run.steps() == [2, 4, 6, 8]
    return run


def assert_same_end(run: Run, whole: Run) -> None:
    assert same_weights(run, whole, 8)
    assert without_seconds(run) == without_seconds(whole)
    assert run.state()[0] == "ended"


@dataclass
class Disk:
    """`fill` leaves some bytes free, `empty` makes room again."""

    folder: Path
    fill: Callable[[int], None]
    empty: Callable[[], None]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A file system of a few megabytes of its own."""
    folder, options = tmp_path / "disk", f"size={DISK_BYTES}"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "spanscope-test", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    ballast = folder / "ballast"

    def fill(left: int) -> None:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, files.free_bytes(folder) - left)

    try:
        yield Disk(folder, fill, ballast.unlink)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def told_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that says how little is free, where none may be mounted."""
    free = [DISK_BYTES]
    monkeypatch.setattr(checkpoint, "free_bytes", lambda folder: free[0])
    return Disk(
        tmp_path, lambda left: free.__setitem__(0, left), lambda: free.__setitem__(0, DISK_BYTES)
    )


def full_before_step(
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    disk: Disk,
    left: int,
    while_waiting: Callable[[], None],
) -> None:
    """Fill the disk in the middle of training; `while_waiting` is called where the trainer would wait for room."""
    update: Callable[[Trainer], None] = Trainer.update

    def filling(trainer: Trainer) -> None:
        if trainer.step == step:
            disk.fill(left)
        update(trainer)

    monkeypatch.setattr(Trainer, "update", filling)
    monkeypatch.setattr(train.time, "sleep", lambda seconds: while_waiting())


def assert_waits_and_goes_on(
    disk: Disk, left: int, whole: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(disk.folder, "a", SPEC)
    looked = []

    def look() -> None:
        looked.append(run.state())
        assert run.steps() == [2, 4]
        with torch.random.fork_rng():  # the trainer's, elsewhere in another process
            for step in run.steps():
                checkpoint.load(run.checkpoint(step))
        assert [path.name for path in (run.folder / "checkpoints").glob(".*")] == []
        if len(looked) == 2:
            disk.empty()

    full_before_step(monkeypatch, 5, disk, left, look)
    assert train.train(run, data=data)
    assert [state for state, _ in looked] == ["paused", "paused"]
    assert "the disk is full" in looked[0][1] and "free some room" in looked[0][1]
    assert events(run)[3:6] == ["paused", "continued", "checkpoint"]
    assert_same_end(run, whole)


@pytest.mark.parametrize("left", [300_000, 40_000, 0])
def test_a_full_disk_pauses_the_run_until_there_is_room(
    left: int, small_disk: Disk, whole: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        left == 40_000
    ):  # somebody else took the room after it was looked for: the weights break off half-way
        monkeypatch.setattr(checkpoint, "free_bytes", lambda folder: DISK_BYTES)
    assert_waits_and_goes_on(small_disk, left, whole, data, monkeypatch)


def test_too_little_room_pauses_the_run_before_it_writes(
    told_to_be_full: Disk, whole: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_waits_and_goes_on(told_to_be_full, checkpoint.SPARE_BYTES, whole, data, monkeypatch)


def test_a_run_that_waits_for_room_can_be_stopped_and_loses_only_what_was_not_saved(
    told_to_be_full: Disk, whole: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(told_to_be_full.folder, "a", SPEC)
    with monkeypatch.context() as patch:
        full_before_step(patch, 5, told_to_be_full, 0, lambda: run.tell("stop"))
        assert not train.train(run, data=data)
    assert events(run)[-3:] == ["paused", "stop", "stopped"]
    assert run.state() == ("stopped", run.log()[-1]["detail"]) and "is lost" in run.state()[1]
    assert run.steps() == [2, 4]
    told_to_be_full.empty()
    assert train.train(run, data=data)
    assert_same_end(run, whole)


def test_an_end_that_finds_no_room_is_reached_once_there_is_some(
    told_to_be_full: Disk, whole: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, leave = Run.create(told_to_be_full.folder, "a", SPEC, queued=True), train.Leave()
    with monkeypatch.context() as patch:
        full_before_step(patch, 7, told_to_be_full, 0, lambda: setattr(leave, "told", True))
        assert not train.train(run, data=data, leave=leave)
    assert run.state()[0] == "interrupted" and run.steps() == [2, 4, 6]
    told_to_be_full.empty()
    assert train.train(run, data=data, leave=train.Leave())
    assert_same_end(run, whole)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [truncate, flip, Path.unlink])
@pytest.mark.parametrize("name", ["model.safetensors", "training.safetensors", "config.json"])
def test_a_damaged_checkpoint_is_named_set_aside_and_the_one_before_used(
    harm: Callable[[Path], None], name: str, tmp_path: Path, whole: Run, data: Path
) -> None:
    run = Run(shutil.copytree(whole.folder, tmp_path / "whole"))
    shutil.rmtree(run.checkpoint(8))
    harm(run.checkpoint(6) / name)
    before = len(run.log())
    assert train.train(run, data=data)
    damaged, resumed = run.log()[before : before + 2]
    assert damaged["event"] == "damaged" and resumed["event"] == "resumed" and resumed["step"] == 4
    assert damaged["detail"].startswith("set aside as damaged-step-00000006: ")
    assert name in damaged["detail"] and "\n" not in damaged["detail"]
    assert run.steps() == [2, 4, 6, 8]
    assert (run.folder / "checkpoints/damaged-step-00000006").is_dir()
    assert_same_end(run, whole)


def test_a_run_of_which_every_checkpoint_is_damaged_begins_anew(
    tmp_path: Path, whole: Run, data: Path
) -> None:
    run = Run(shutil.copytree(whole.folder, tmp_path / "whole"))
    for step in run.steps():
        truncate(run.checkpoint(step) / "model.safetensors")
    assert train.train(run, data=data)
    kept = [path.name for path in (run.folder / "checkpoints").glob("damaged-*")]
    assert len(kept) == 4
    assert_same_end(run, whole)


@pytest.mark.parametrize("factor", [float("nan"), 1e4])
@pytest.mark.parametrize("after", [5, 6])
def test_a_loss_that_explodes_stops_the_run_with_the_last_good_checkpoint(
    factor: float, after: int, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Harm done by the update before an evaluation is seen there, any other one at the next step."""
    run = Run.create(tmp_path, "a", SPEC)
    update: Callable[[Trainer], None] = Trainer.update

    def harmful(trainer: Trainer) -> None:
        update(trainer)
        if trainer.step == after:
            with torch.no_grad():
                trainer.net.logits.bias[:128] *= factor
                trainer.net.logits.weight *= factor

    monkeypatch.setattr(Trainer, "update", harmful)
    with pytest.raises(RunError, match=rf"diverged at step {after}.*lower learning_rate"):
        train.train(run, data=data)
    state, detail = run.state()
    assert state == "failed" and f"diverged at step {after}" in detail
    assert run.steps() == [2, 4]
    assert [line["step"] for line in run.metrics()] == [2, 4]
    assert all(t.isfinite().all() for t in checkpoint.load(run.checkpoint(4)).state_dict().values())
