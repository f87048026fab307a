"""`spanscope train`, `trainer`, `presets`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import torch
import typer

from backend.cli.shared import Data, Device, Runs, Tensorboard, Threads, default_device
from backend.settings import Settings
from model import background
from model.config import parse_setting
from model.leave import leave_on_signals
from model.presets import DEFAULT_PRESET, PRESETS
from model.train import open_run, train

commands = typer.Typer()


@commands.command("train")
def train_command(
    name: Annotated[str, typer.Argument(help="the run's name; one that exists is resumed")],
    preset: Annotated[
        str | None, typer.Option(help=f"{', '.join(PRESETS)}; default: {DEFAULT_PRESET}")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="change a setting of the preset"),
    ] = None,
    runs: Runs = Path("runs"),
    data: Data = None,
    device: Device = None,
    threads: Threads = None,
    tensorboard: Tensorboard = False,
) -> None:
    """Train a model in the foreground; Ctrl-C saves before leaving, the same command resumes.

    For example `spanscope train first --preset quick` takes a few minutes on two cores, and
    `spanscope train longer --set span_limit=1024 --set span_penalty=1e-6` looks further back.
    """
    run = open_run(runs, name, preset, dict(map(parse_setting, settings or [])))
    if threads:
        torch.set_num_threads(threads)
    train(run, device or default_device(), data, tensorboard=tensorboard)


@commands.command()
def trainer(
    runs: Runs = Path("runs"),
    data: Data = None,
    device: Device = None,
    threads: Threads = None,
    niceness: Annotated[int, typer.Option(help="how far it steps back for the service")] = 10,
    tensorboard: Tensorboard = False,
    once: Annotated[bool, typer.Option("--once", help="leave when nothing waits any more")] = False,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Train what waits in the runs folder, one run after another, until told to end.

    Runs are put there by the page, by POST /api/v1/runs, or by a trainer that was killed. Several trainers may share a
    folder: none trains what another one does, and a dead one's run is taken up by the next. SIGTERM and Ctrl-C save first.
    """
    os.nice(niceness)
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 1) - 1))
    with leave_on_signals(parent) as leave:
        background.work(
            runs,
            device or default_device(),
            data,
            leave,
            tensorboard=tensorboard,
            once=once,
            shelf=Settings().shelf,
        )


@commands.command()
def presets() -> None:
    """Print what `train --preset` takes, with parameters, multiply-adds a token and memory."""
    from backend.tables import presets_table

    typer.echo(presets_table())
