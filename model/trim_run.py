"""A trim as a run: in the queue of the trainer, watched, stopped and resumed like one that trains."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from model.alphabets import UnknownAlphabet
from model.checkpoint import CheckpointError
from model.corpora import CorpusError
from model.leave import Leave
from model.runs import WAITING, Run, RunError
from model.ship import SHELF
from model.trim import parent_of, trim

REPORT_SECONDS = 1.0
FAILURES = (RunError, CorpusError, CheckpointError, UnknownAlphabet, OSError)


class _Rests(Exception):
    """Somebody wants the run to rest, or the process to end."""


def trim_run(run: Run, device: str, data: Path | None, leave: Leave, shelf: Path = SHELF) -> bool:
    """Trim what a run asks for, until somebody stops it or the process is told to leave; what is measured is kept.

    Returns whether it ended. What it fails of is told in its log. Raises as `trim` does.
    """
    with run.lock():
        since = len(run.log())
        if run.state(locked=False)[0] not in WAITING:
            return False  # another trainer was first, or somebody changed their mind
        run.tell("resumed" if any(e["event"] == "started" for e in run.log()) else "started")
        try:
            if not run.steps():
                watch = _Watch(run, leave, since)
                parent = parent_of(run.spec, [run.folder.parent, shelf])
                budget = run.spec.budget
                assert budget is not None  # a spec with a parent has one
                found = trim(parent, budget, run.folder.parent, watch, data, device)
                found.write(run.folder)
                valid = found.path["valid"]
                bpc = f"bpc {valid['before']:.3f} → {valid['after']:.3f}"
                run.tell("checkpoint", found.step, bpc)
            run.tell("ended", run.steps()[-1])
            return True
        except _Rests:
            with suppress(OSError):
                run.tell("stopped" if run.should_rest(since) else "left")
            return False
        except Exception as error:
            known = isinstance(error, FAILURES)
            with suppress(OSError):
                run.tell(
                    "failed", detail=str(error) if known else f"{type(error).__name__}: {error}"
                )
            raise


class _Watch:
    """Reports how far a trim is, and leaves it where somebody wants that."""

    def __init__(self, run: Run, leave: Leave, since: int) -> None:
        self.run, self.leave, self.since = run, leave, since
        self.began = time.monotonic()
        self.reported = self.began - REPORT_SECONDS

    def __call__(self, what: str, done: float, total: float) -> None:
        """Raises _Rests."""
        now = time.monotonic()
        if now - self.reported >= REPORT_SECONDS:
            self.reported = now
            left = (total - done) * (now - self.began) / done if done else None
            self.run.report(
                {"doing": what, "share": done / total, "seconds_left": left, "time": time.time()}
            )
            if self.run.should_rest(self.since):
                raise _Rests
        if self.leave:
            raise _Rests
