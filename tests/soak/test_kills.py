"""A run whose trainer is killed again and again: nothing listed is ever unreadable, and it ends as if nothing had been.

SOAK_KILLS says how often: a few times in `make test`, 25 times in `make soak`.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import model
from backend.catalogue import Catalogue
from model import train
from model.checkpoint import CheckpointError
from model.runs import Run
from tests.small_runs import (
    SPEC,
    events,
    prepared_corpus,
    same_weights,
    trainer,
    wait_until,
    without_seconds,
)

KILLS = int(os.environ.get("SOAK_KILLS", "3"))
EVERY = 5
"""Steps between two checkpoints."""
MOST_CHECKPOINTS = 12
"""That one trainer may write before it is killed."""


class Watcher(threading.Thread):
    """Reads every checkpoint that is listed, over and over, as a service beside the trainer does."""

    def __init__(self, run: Run) -> None:
        super().__init__(daemon=True)
        self.catalogue = Catalogue([run.folder.parent])
        self.over = threading.Event()
        self.loaded, self.newest = 0, 0
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.05):
            entries = self.catalogue.entries()
            newest = max((entry.step for entry in entries), default=0)
            if newest < self.newest:
                self.wrong.append(f"the newest fell from {self.newest} to {newest}")
            self.newest = newest
            for entry in entries:
                try:
                    model.load(entry.folder)
                    self.loaded += 1
                except CheckpointError as error:
                    if entry.folder.exists():  # else it was pruned meanwhile
                        self.wrong.append(str(error))


class Victim:
    """A trainer at work on a run, and the ways to choose the moment of its end."""

    def __init__(self, run: Run, data: Path) -> None:
        self.run = run
        self.checkpoints, self.lines = events(run).count("checkpoint"), len(run.log())
        self.process = trainer(run.folder.parent, data)

    def wait(self, happened: Callable[[], bool]) -> None:
        wait_until(happened, self.process, look_every=0.0005)

    def taken_up(self) -> None:
        self.wait(lambda: self.run.training)

    def written(self, checkpoints: int) -> None:
        """Some more than there were."""
        wanted = self.checkpoints + checkpoints
        self.wait(
            lambda: (
                len(self.run.log()) > self.lines and events(self.run).count("checkpoint") >= wanted
            )
        )

    def writing(self) -> None:
        """Held in the middle of it."""
        while True:
            self.wait(lambda: half_done(self.run))
            self.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
            if half_done(self.run):
                return
            self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def half_done(run: Run) -> bool:
    """Whether there is a checkpoint that is being written or removed."""
    return any((run.folder / "checkpoints").glob(".*"))


def test_a_run_killed_at_random_moments_ends_as_one_never_killed(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    steps = EVERY * (MOST_CHECKPOINTS + 4) * (KILLS + 1)
    spec = SPEC.replace(steps=steps, evaluate_every=EVERY, keep=3)
    data, runs = prepared_corpus(tmp_path / "data"), tmp_path / "runs"
    run = Run.create(runs, "a", spec, queued=True)
    watcher = Watcher(run)
    watcher.start()
    half_way = 0
    for number in range(KILLS):
        victim = Victim(run, data)
        try:
            if number % 5 == 4:
                victim.taken_up()
            else:
                victim.written(chance.randrange(MOST_CHECKPOINTS))
            if number % 2 == 0:
                victim.writing()
            else:
                time.sleep(chance.uniform(0, 0.05))
        finally:
            victim.kill()
        half_way += half_done(run)
        assert run.state()[0] in ("queued", "interrupted")
    last = trainer(runs, data, "--once")
    said, _ = last.communicate(timeout=600)
    watcher.over.set()
    watcher.join()
    print(f"seed {seed}: {half_way} of {KILLS} half-way, {watcher.loaded} checkpoints read")
    assert last.returncode == 0, said
    assert watcher.wrong == [] and watcher.loaded > KILLS
    assert half_way >= (KILLS + 1) // 2
    assert run.state()[0] == "ended" and not half_done(run)
    assert "damaged" not in events(run)

    alone = Run.create(tmp_path, "alone", spec)
    assert train.train(alone, data=data)
    assert same_weights(run, alone, steps)
    assert without_seconds(run) == without_seconds(alone)
