"""What the commands share: options, and how a checkpoint is found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import torch
import typer

from backend.catalogue import Catalogue, Entry, UnknownCheckpoint
from backend.settings import Settings

Runs = Annotated[Path, typer.Option(help="the folder of runs", envvar="SPANSCOPE_RUNS")]
Data = Annotated[
    Path | None,
    typer.Option(help="where corpora are kept; default: data/", envvar="SPANSCOPE_DATA"),
]
Device = Annotated[str | None, typer.Option(help="cpu or cuda; default: cuda where there is one")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="of the CPU; a run that goes on keeps its own number")
]
Tensorboard = Annotated[
    bool, typer.Option("--tensorboard", help="write TensorBoard's scalars into the run, too")
]
CheckpointId = Annotated[
    str,
    typer.Argument(
        help="`<run>@<step>`, `<run>@latest` or `<run>@best`, of the runs folder or the shelf; "
        "or the path of a checkpoint's folder"
    ),
]


def find(name: str, runs: Path) -> Entry:
    """A checkpoint by its id, or by its folder. Raises BadParameter."""
    if (Path(name) / "config.json").is_file():
        return Entry.of(Path(name).resolve())
    try:
        return Catalogue([runs, Settings().shelf]).resolve(name)[0]
    except UnknownCheckpoint:
        detail = f"there is no checkpoint {name!r} in {runs}/ or on the shelf"
        raise typer.BadParameter(detail) from None


def default_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def fail(detail: str) -> NoReturn:
    typer.echo(f"error: {detail}", err=True)
    raise SystemExit(1) from None
