"""The background trainer, as processes of their own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model import background, train
from model.runs import Run, RunError
from tests.small_runs import (
    ROOT,
    SPEC,
    events,
    prepared_corpus,
    same_weights,
    trainer,
    wait_until,
    without_seconds,
)

GOOD = [f"good-{number}" for number in range(5)]
LONG = SPEC.replace(steps=600, evaluate_every=20, keep=3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_corpus(tmp_path_factory.mktemp("data"))


@contextmanager
def ended_at_last(*processes: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        for one in processes:
            one.kill()
            one.communicate()


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A folder with five runs and three that cannot be trained, after two trainers that shared it."""
    runs = tmp_path_factory.mktemp("runs")
    spec = SPEC.replace(steps=60, evaluate_every=20)
    mistyped = Run.create(runs, "mistyped", spec, queued=True)
    text = (mistyped.folder / "run.json").read_text()
    (mistyped.folder / "run.json").write_text(text.replace('"layers": 2', '"layers": "two"'))
    Run.create(runs, "vanished", spec.replace(corpus="text8"), queued=True)
    (data / "pysrc").mkdir()
    Run.create(runs, "emptied", spec.replace(corpus="pysrc"), queued=True)
    for name in GOOD:
        Run.create(runs, name, spec, queued=True)
    # the corpus that vanished would be fetched again: no network answers here
    two = [trainer(runs, data, "--once", http_proxy="http://127.0.0.1:9") for _ in range(2)]
    with ended_at_last(*two):
        said = [one.communicate(timeout=240)[0] for one in two]
        assert [one.returncode for one in two] == [0, 0], said
    return runs


def test_two_trainers_train_each_run_once_and_end_all(worked: Path) -> None:
    for name in GOOD:
        run = Run(worked / name)
        assert events(run) == [
            "queued",
            "started",
            "checkpoint",
            "checkpoint",
            "checkpoint",
            "ended",
        ]
        assert run.state()[0] == "ended"
    assert not background.is_present(worked)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "mistyped",
            "run mistyped: run.json cannot be read: layers is 'two'; it must be a whole number",
        ),
        ("vanished", "text8: .* cannot be fetched .*check the network"),
        ("emptied", "pysrc: the prepared corpus cannot be read .*remove .* and try again"),
    ],
)
def test_a_run_that_cannot_be_trained_says_why_and_the_others_go_on(
    worked: Path, name: str, reason: str
) -> None:
    run = Run(worked / name)
    assert events(run) == ["queued", "failed"]
    state, detail = run.state()
    assert state == "failed"
    assert re.fullmatch(f"{reason}.*", detail), detail


def test_a_run_goes_from_one_trainer_to_the_next_and_ends_as_if_alone(
    tmp_path: Path, data: Path
) -> None:
    runs = tmp_path / "runs"
    run = Run.create(runs, "a", LONG, queued=True)

    def checkpoints() -> int:
        return events(run).count("checkpoint")

    killed, told = trainer(runs, data), trainer(runs, data)
    with ended_at_last(killed, told):
        wait_until(lambda: checkpoints() > 2, killed, told)
        holder = {one.pid: one for one in (killed, told)}[lock_holder(run)]
        next_one = told if holder is killed else killed
        holder.kill()
        wait_until(lambda: "resumed" in events(run), next_one)
        seen = checkpoints()
        wait_until(lambda: checkpoints() > seen + 2, next_one)
        next_one.send_signal(signal.SIGTERM)
        assert next_one.wait(60) == 0
    assert events(run)[-1] == "left" and run.state()[0] == "interrupted"
    assert not background.is_present(runs)

    saved = run.steps()[-1]
    orphan_after(run, runs, data)
    assert events(run)[-1] == "left" and run.state()[0] == "interrupted"
    assert run.steps()[-1] > saved

    last = trainer(runs, data, "--once")
    with ended_at_last(last):
        assert last.wait(120) == 0
    assert run.state()[0] == "ended"
    told_of = [event for event in events(run) if event not in ("queued", "checkpoint")]
    assert told_of == ["started", "resumed", "left", "resumed", "left", "resumed", "ended"]

    alone = Run.create(tmp_path, "alone", LONG)
    assert train.train(alone, data=data)
    assert same_weights(run, alone, 600)
    assert without_seconds(run) == without_seconds(alone)


def lock_holder(run: Run) -> int:
    """The process that holds a run's lock."""
    inode = str((run.folder / "lock").stat().st_ino)
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].rsplit(":", 1)[1] == inode:
            return int(fields[4])
    raise AssertionError("nobody holds it")


def orphan_after(run: Run, runs: Path, data: Path) -> None:
    """Let a trainer take a run up that serves another process, and kill that one."""
    command = [sys.executable, "-m", "backend", "trainer", "--runs", runs, "--data", data]
    command += ["--threads", 1, "--device", "cpu"]
    parent = subprocess.Popen(
        ["sh", "-c", f"{shlex.join(map(str, command))} --parent $$ & wait"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: events(run)[-2:] == ["resumed", "checkpoint"])
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not background.is_present(runs))


def test_a_run_whose_corpus_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = prepared_corpus(tmp_path / "data")
    run = Run.create(tmp_path / "runs", "a", SPEC)
    assert train.train(run, data=folder)
    shutil.rmtree(run.checkpoint(8))
    shutil.rmtree(folder)
    prepared_corpus(folder, b"another text altogether, of forty letters")
    with pytest.raises(RunError, match=r"not the text that it was trained on up to step 6"):
        train.train(run, data=folder)
    assert run.state()[0] == "failed" and run.steps() == [2, 4, 6]
