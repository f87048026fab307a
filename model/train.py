"""Training a run from where it stands to its end, and `python -m model.train`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn

import torch

from model.checkpoint import CheckpointError
from model.config import ConfigError, parse_setting
from model.corpora import CorpusError, load
from model.leave import Leave, leave_on_signals
from model.presets import DEFAULT_PRESET, PRESETS, spec_of
from model.ranks import Ranks, all_ranks
from model.runs import NAME, WAITING, Run, RunError
from model.session import Session
from model.trainer import Trainer

FAILURES = (RunError, CorpusError, CheckpointError, OSError)


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
    if run.trims:
        raise RunError(
            f"run {run.name} is {run.spec.parent} trimmed and cannot be trained on: train that one's run, and trim again"
        )
    with (
        all_ranks(device) as (ranks, own_device),
        run.lock() if ranks.first else nullcontext(),
        leave_on_signals() if leave is None else nullcontext(leave) as told,
    ):
        try:
            since = len(run.log())
            if leave is not None and run.state(locked=False)[0] not in WAITING:
                return False  # another trainer was first, or somebody changed their mind
            trainer = Trainer(run, load(run.spec.corpus, data), own_device, ranks)
            return Session(trainer, told, since, keeps_on=leave is not None).train(tensorboard)
        except FAILURES as error:
            _tell_failure(run, ranks, str(error))
            raise
        except Exception as error:
            if ranks.size == 1:  # of several, one breaks where another died, and all start again
                _tell_failure(run, ranks, f"{type(error).__name__}: {error}")
            raise


def _tell_failure(run: Run, ranks: Ranks, detail: str) -> None:
    if ranks.first:
        with suppress(OSError):
            run.tell("failed", detail=detail)


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


def leave_process(status: int) -> NoReturn:
    """End this process. One of several ends at once: threads that carried its messages may abort an interpreter in its last moments."""
    if "LOCAL_RANK" not in os.environ:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    leave_process(main())
