"""The background trainer: takes the runs of a folder that wait, one after another."""

from __future__ import annotations

import fcntl
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from model.leave import Leave
from model.runs import NAME, WAITING, Run, RunError
from model.ship import SHELF
from model.train import train
from model.trim_run import FAILURES, trim_run

PRESENCE = ".trainer"
"""A file in the runs folder that every trainer holds a shared lock of."""
LOOK_AGAIN_SECONDS = 0.5


def work(
    runs: Path,
    device: str,
    data: Path | None,
    leave: Leave,
    *,
    tensorboard: bool = False,
    once: bool = False,
    shelf: Path = SHELF,
) -> None:
    """Train and trim until told to leave, or, with `once`, until nothing waits. A run that fails says so in its log, and rests.

    What is to be trimmed is in the same folder, or on the shelf.
    """
    threads = torch.get_num_threads()
    with _present(runs):
        while not leave:
            run = next(waiting(runs), None)
            if run:
                torch.set_num_threads(threads)  # a run that goes on brings its own number
                try:
                    if run.trims:
                        trim_run(run, device, data, leave, shelf)
                    else:
                        train(run, device, data, leave=leave, tensorboard=tensorboard)
                except Exception as error:
                    known = isinstance(error, FAILURES)
                    print(f"error: {error}" if known else traceback.format_exc(), file=sys.stderr)
                    time.sleep(LOOK_AGAIN_SECONDS)  # its log may have had no room for that
            elif once:
                return
            else:
                time.sleep(LOOK_AGAIN_SECONDS)


def waiting(runs: Path) -> Iterator[Run]:
    """The runs that a trainer should take up: those that were interrupted, then those in the queue, the oldest first."""
    found = []
    for folder in runs.iterdir():
        run = Run(folder)
        if not NAME.fullmatch(run.name) or not (folder / "run.json").is_file():
            continue
        try:
            state, _ = run.state()
            if state in WAITING:
                since = (run.last_event() or {}).get("time", "")
                found.append((WAITING.index(state), since, run.name, run))
        except RunError:
            continue
    return (run for *_, run in sorted(found, key=lambda item: item[:3]))


@contextmanager
def _present(runs: Path) -> Iterator[None]:
    runs.mkdir(parents=True, exist_ok=True)
    with (runs / PRESENCE).open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_present(runs: Path) -> bool:
    """Whether some trainer looks after a folder of runs."""
    try:
        with (runs / PRESENCE).open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
