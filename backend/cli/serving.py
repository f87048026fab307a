"""`spanscope serve`, `config`."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from backend import origins
from backend.cli.shared import fail
from backend.settings import Settings

log = logging.getLogger("spanscope")

commands = typer.Typer()


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="default: 127.0.0.1, this machine alone")] = None,
    port: Annotated[int | None, typer.Option(help="default: 8000; 0 takes a free one")] = None,
    runs: Annotated[Path | None, typer.Option(help="the folder of runs; default: runs/")] = None,
    with_trainer: Annotated[
        bool, typer.Option("--trainer", help="train what waits in the runs folder, too")
    ] = False,
    without_token: Annotated[
        bool,
        typer.Option(
            "--without-token", help="let in all who can reach an address beyond this machine"
        ),
    ] = False,
) -> None:
    """Serve the page and the API.

    Every setting can also be an environment variable, as SPANSCOPE_MAX_CHARACTERS, or stand in spanscope.toml;
    `spanscope config` shows them all.
    """
    from backend import logs
    from backend.companion import trainer_beside
    from backend.server import run

    options = {"host": host, "port": port, "runs": runs, "without_token": without_token or None}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    chosen = Settings(**given)
    logs.set_up(chosen)
    for line in origins.unknown_variables():
        log.warning(line)
    for setting in origins.told(given):
        if setting.origin != origins.DEFAULT:
            log.info("%s is set by %s", setting.name, setting.origin)
    if not (chosen.loopback or chosen.token or chosen.without_token):
        fail(
            f"{chosen.host} can be reached from other machines: set SPANSCOPE_TOKEN to what they must show, "
            "or let everybody in with --without-token"
        )
    beside = trainer_beside(chosen.runs, chosen.data, chosen.torch_device)
    with beside if with_trainer else nullcontext():
        run(chosen)


@commands.command()
def config() -> None:
    """Print every setting of `serve`, where its value comes from, and what is wrong with it."""
    from backend.tables import settings_table

    typer.echo(settings_table(origins.told()))
    for line in origins.unknown_variables():
        typer.echo(f"warning: {line}", err=True)
    Settings()
