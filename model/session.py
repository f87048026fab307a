"""A process at work on a run: steps, evaluations and checkpoints until it ends or is told to leave."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

from torch import Tensor
from tqdm import tqdm

from model.files import is_full
from model.leave import Leave
from model.runs import Event, Run, RunError
from model.scalars import Scalars
from model.trainer import Trainer

REPORT_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 2.0
"""How often a full disk is looked at again."""


class Session:
    """A process at work on a run that it holds the lock of.

    `since`: how many lines the log had when the run was taken up. `keeps_on`: told to leave, the run waits for the next
    trainer; else it rests.
    """

    def __init__(self, trainer: Trainer, leave: Leave, since: int, *, keeps_on: bool) -> None:
        self.trainer, self.run, self.ranks = trainer, trainer.run, trainer.ranks
        self.leave, self.since, self.keeps_on = leave, since, keeps_on
        self.steps = trainer.spec.training.steps
        self.log_size, self.rest = -1, False
        self.saved = True
        """Whether the last checkpoint that was due is on the disk."""

    def train(self, tensorboard: bool) -> bool:
        """From the newest checkpoint to the end, or until somebody wants otherwise. Returns whether it ended.

        Raises RunError and OSError.
        """
        trainer = self.trainer
        damage = trainer.resume()
        for detail in damage:
            self._tell("damaged", detail)
        self._tell("resumed" if trainer.step else "started")
        if self.ranks.first:
            self.saved = self._when_there_is_room(lambda: self.run.truncate_metrics(trainer.step))
        self.saved = self.ranks.agree(self.saved)
        with Scalars(self.run) if tensorboard and self.ranks.first else nullcontext() as scalars:
            if self.saved:
                self._loop(scalars)
        ended = trainer.step >= self.steps and self.saved
        if ended and self.ranks.first:
            ended = self._when_there_is_room(trainer.measure)
        rests = self._somebody_wants_rest() or not self.keeps_on
        lost = "" if self.saved else "the disk is full: what the last checkpoint lacks is lost"
        self._tell("ended" if ended else "stopped" if rests else "left", lost)
        return ended

    def _loop(self, scalars: Scalars | None) -> None:
        trainer, training = self.trainer, self.trainer.spec.training
        with tqdm(
            total=self.steps * training.tokens_a_step,
            initial=trainer.tokens,
            unit="tok",
            unit_scale=True,
            desc=self.run.name,
            dynamic_ncols=True,
            disable=None if self.ranks.first else True,  # None: unless somebody watches
        ) as bar:
            pace, stop = _Pace(trainer), False
            while trainer.step < self.steps and not stop:
                started = time.monotonic()
                trainer.update()
                trainer.seconds += time.monotonic() - started
                bar.update(training.tokens_a_step)
                pace.report(self.run)
                wanted = bool(self.leave) or self._somebody_wants_rest()
                stop = self.ranks.any(wanted, trainer.device)
                due = trainer.step % training.evaluate_every == 0 or trainer.step == self.steps
                if due:
                    metrics = trainer.evaluate() if self.ranks.first else {}
                    stop = not self._save(metrics) or stop
                    if metrics:
                        z = " ".join(f"{sum(layer) / len(layer):.0f}" for layer in metrics["z"])
                        bar.set_postfix_str(f"bpc {metrics['bpc']:.3f}, z {z}")
                    if metrics and scalars:
                        scalars.add(metrics)
                elif stop:
                    self._save({})

    def _save(self, metrics: dict[str, Any]) -> bool:
        """A checkpoint, with what was measured, unless a full disk stands in the way. Every rank takes part, one writes."""
        state = self.trainer.state()
        if self.ranks.first:
            self.saved = self._write(metrics, state)
        else:
            self.trainer.losses.clear()
        self.saved = self.ranks.agree(self.saved)
        return self.saved

    def _write(self, metrics: dict[str, Any], state: dict[str, Tensor]) -> bool:
        if metrics and not self._when_there_is_room(lambda: self.run.append_metrics(metrics)):
            return False
        bpc = metrics.get("bpc")
        if not self._when_there_is_room(lambda: self.trainer.save(bpc, state)):
            return False
        self._tell("checkpoint", "" if bpc is None else f"bpc {bpc:.3f}")
        return True

    def _when_there_is_room(self, write: Callable[[], None]) -> bool:
        """Write; where the disk is full, wait until it is not, unless this process is told to leave. Whether it wrote."""
        paused = False
        while True:
            try:
                write()
            except OSError as error:
                if not is_full(error):
                    raise
                if self.leave or self._somebody_wants_rest():
                    return False
                if not paused:
                    detail = f"the disk is full: {error.strerror}; free some room and it goes on"
                    self._tell("paused", detail)
                    tqdm.write(f"{self.run.name}: {detail}", file=sys.stderr)
                    paused = True
                time.sleep(LOOK_AGAIN_SECONDS)
            else:
                if paused:
                    self._tell("continued")
                return True

    def _tell(self, event: Event, detail: str = "") -> None:
        """Add to the log, where the disk lets it."""
        if self.ranks.first:
            with suppress(OSError):
                self.run.tell(event, self.trainer.step, detail)

    def _somebody_wants_rest(self) -> bool:
        """Whether the last that was said of the run is that it should stop; looked up when its log has grown."""
        with suppress(OSError, RunError):
            size = (self.run.folder / "log.jsonl").stat().st_size
            if size != self.log_size:
                self.rest = self.run.should_rest(self.since)
                self.log_size = size
        return self.rest


class _Pace:
    """How fast a trainer is, told every second."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.since, self.tokens = time.monotonic(), trainer.tokens

    def report(self, run: Run) -> None:
        elapsed, trainer = time.monotonic() - self.since, self.trainer
        if elapsed < REPORT_SECONDS or not trainer.ranks.first:
            return
        run.report(
            {
                "step": trainer.step,
                "loss": trainer.losses[-1].item(),
                "tokens_per_second": round((trainer.tokens - self.tokens) / elapsed, 1),
                "time": time.time(),
            }
        )
        self.since, self.tokens = time.monotonic(), trainer.tokens
