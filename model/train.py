"""Training a run from where it stands to its end, and `python -m model.train`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from model.checkpoint import CheckpointError
from model.config import ConfigError, parse_setting
from model.corpora import CorpusError, load
from model.files import is_full
from model.presets import DEFAULT_PRESET, PRESETS, spec_of
from model.ranks import Ranks, all_ranks
from model.runs import NAME, WAITING, Event, Run, RunError
from model.scalars import Scalars
from model.trainer import Trainer

REPORT_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 2.0
"""How often a full disk is looked at again."""
FAILURES = (RunError, CorpusError, CheckpointError, OSError)


class Leave:
    """Whether this process was told to end: by SIGINT, by SIGTERM, or by the end of the process that it serves."""

    def __init__(self, parent: int | None = None) -> None:
        self.parent = parent
        self.told = False

    def __bool__(self) -> bool:
        orphaned = self.parent is not None and os.getppid() != self.parent
        return self.told or orphaned


@contextmanager
def leave_on_signals(parent: int | None = None) -> Iterator[Leave]:
    """Collects SIGINT and SIGTERM instead of dying of them; `parent` is the process to end with."""
    leave = Leave(parent)

    def tell(*_: object) -> None:
        leave.told = True

    before = {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield leave
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(
    run: Run,
    device: str = "cpu",
    data: Path | None = None,
    *,
    leave: Leave | None = None,
    tensorboard: bool = False,
) -> bool:
    """Train a run to its end, until somebody stops it, or until SIGINT or SIGTERM, which save before leaving.

    Returns whether it ended. What a run fails of is told in its log. With `leave` a trainer that has other runs to do,
    too, says when to leave, and the run then waits for the next one, and one that does not wait any more is left alone;
    without it, the run rests.
    Raises RunError, CorpusError, CheckpointError, OSError.
    """
    with (
        all_ranks(device) as (ranks, own_device),
        run.lock() if ranks.first else nullcontext(),
        leave_on_signals() if leave is None else nullcontext(leave) as told,
    ):
        try:
            since = len(run.log())
            if leave is not None and run.state(locked=False)[0] not in WAITING:
                return False  # another trainer was first, or somebody changed their mind
            session = Session(run, own_device, data, ranks, told, since, keeps_on=leave is not None)
            return session.train(tensorboard)
        except FAILURES as error:
            _tell_failure(run, ranks, str(error))
            raise
        except Exception as error:
            if (
                ranks.size == 1
            ):  # of several, one breaks where another one died, and all are started again
                _tell_failure(run, ranks, f"{type(error).__name__}: {error}")
            raise


def _tell_failure(run: Run, ranks: Ranks, detail: str) -> None:
    if ranks.first:
        with suppress(OSError):
            run.tell("failed", detail=detail)


class Session:
    """A process at work on a run that it holds the lock of."""

    def __init__(
        self,
        run: Run,
        device: str,
        data: Path | None,
        ranks: Ranks,
        leave: Leave,
        since: int,
        *,
        keeps_on: bool,
    ) -> None:
        self.run, self.ranks, self.leave, self.keeps_on = run, ranks, leave, keeps_on
        self.since = since
        """How many lines the log had when the run was taken up."""
        self.trainer = Trainer(run, load(run.spec.corpus, data), device, ranks)
        self.steps = run.spec.training.steps
        self.log_size, self.rest = -1, False
        self.saved = True
        """Whether the last checkpoint that was due is on the disk."""

    def train(self, tensorboard: bool) -> bool:
        """`train`, once everything is at hand."""
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
        unsaved = (
            "" if self.saved else "the disk is full: what is new since the last checkpoint is lost"
        )
        self._tell("ended" if ended else "stopped" if rests else "left", unsaved)
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
            disable=not self.ranks.first,
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


def open_run(runs: Path, name: str, preset: str | None, settings: Mapping[str, Any]) -> Run:
    """The run of that name, made of a preset and settings if there is none.

    Raises RunError and ConfigError, also where a run that exists was asked for with others.
    """
    run = Run(runs / name)
    known = bool(NAME.fullmatch(name)) and run.folder.exists()
    if known and not (preset or settings):
        return run
    spec = spec_of(preset, settings)
    if not known:
        return Run.create(runs, name, spec)
    if run.spec != spec:
        raise RunError(
            f"run {name} exists with other settings; give none to resume it, or choose another name"
        )
    return run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a transformer with learned attention spans, or go on with a run; under torchrun, with "
        "several processes.",
        epilog="Settings are those of a preset with --set NAME=VALUE for what differs, for instance "
        "--set span_limit=1024 --set span_penalty=1e-6.",
    )
    parser.add_argument("name", help="the run's name: a folder in --runs")
    parser.add_argument("--preset", choices=PRESETS, help=f"default: {DEFAULT_PRESET}")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="default: runs/")
    parser.add_argument("--data", type=Path, help="where corpora are kept; default: data/")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="of the CPU; a run that goes on keeps its own")
    parser.add_argument("--tensorboard", action="store_true", help="write its scalars, too")
    given = parser.parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    try:
        settings = dict(map(parse_setting, given.settings))
        run = _opened_once(given.runs, given.name, given.preset, settings)
        train(run, given.device, given.data, tensorboard=given.tensorboard)
    except (ConfigError, *FAILURES) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _opened_once(runs: Path, name: str, preset: str | None, settings: Mapping[str, Any]) -> Run:
    """`open_run` by the first of several processes, which the others wait for."""
    if int(os.environ.get("RANK", "0")) == 0:
        return open_run(runs, name, preset, settings)
    while not (runs / name / "run.json").exists():
        time.sleep(0.1)
    return Run(runs / name)


if __name__ == "__main__":
    sys.exit(main())
