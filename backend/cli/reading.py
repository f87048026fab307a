"""`spanscope evaluate`, `spans`, `survey`: what a checkpoint makes of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from backend.cli.shared import (
    CheckpointId,
    Data,
    Device,
    Runs,
    Threads,
    default_device,
    fail,
    find,
)
from model import corpora
from model.alphabets import Table
from model.checkpoint import load
from model.config import alphabet_of
from model.evaluate import evaluate as evaluate_model

commands = typer.Typer()


@commands.command()
def evaluate(
    checkpoint: CheckpointId,
    split: Annotated[str, typer.Option(help="train, valid or test")] = "test",
    corpus: Annotated[str | None, typer.Option(help="default: the one it was trained on")] = None,
    cuts: Annotated[
        list[str] | None,
        typer.Option("--span", metavar="L4H3=128", help="what if this head's span were so short?"),
    ] = None,
    runs: Runs = Path("runs"),
    data: Data = None,
) -> None:
    """Print the bits per character on a split of a corpus, all of it, as one stream.

    Of a dynamic span also how it moves; with --span, which may be repeated, what cutting the spans of heads changes.
    """
    from analysis.what_if import parse_cuts, reading_of_split, what_if
    from backend.tables import change_table, sample_table

    entry = find(checkpoint, runs)
    chosen_cuts = parse_cuts(cuts or [], entry.spec.model)
    reads = alphabet_of(entry.spec.model)
    chosen = corpora.load(corpus or entry.spec.corpus, data)
    if split not in ("train", "valid", "test"):
        raise typer.BadParameter(f"there is no split {split!r}; there are train, valid and test")
    tokens = getattr(chosen, split)
    if isinstance(reads, Table):
        try:
            tokens = reads.renumbered(tokens, chosen.alphabet)
        except ValueError as error:
            raise typer.BadParameter(f"{entry.id} cannot read {chosen.name}: {error}") from None
    elif chosen.alphabet != reads.name:
        raise typer.BadParameter(
            f"{chosen.name} is in {chosen.alphabet}, {entry.id} reads {reads.name}"
        )
    net, name = load(entry.folder), f"{entry.id} {chosen.name} {split}"
    if chosen_cuts:
        change = what_if(net, chosen_cuts, reading_of_split(net, tokens))
        typer.echo(f"{name}, {' '.join(cuts or [])}\n{change_table(change)}")
        return
    found = evaluate_model(net, tokens)
    typer.echo(f"{name}: {found.bpc:.4f} bits per character")
    if found.spans:
        typer.echo(sample_table(found.spans))


@commands.command()
def spans(checkpoint: CheckpointId, runs: Runs = Path("runs")) -> None:
    """Print z and span of every head as CSV, one row a head, in tokens; of a dynamic span how it moves on held-out text."""
    from analysis.spans import spans_table

    entry = find(checkpoint, runs)
    table = spans_table(entry.z, entry.spec.model, entry.sample)
    typer.echo(table.to_csv(index=False, float_format="%.3f"), nl=False)


@commands.command("survey")
def survey_command(
    checkpoint: CheckpointId,
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXTS...",
            help="a corpus, a split of one (classics/test), or text files and folders of them",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="default: RUN/surveys/step-NUMBER/NAME"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="default: that of the corpus or file")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="read anew; what is there gives way at the very end")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="`here`, in this process, or `ray`, in workers of Ray")
    ] = "here",
    address: Annotated[
        str | None, typer.Option(help="of a Ray cluster; default: one on this machine alone")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="of Ray; default: one a GPU, or one a CPU")
    ] = None,
    runs: Runs = Path("runs"),
    data: Data = None,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Read whole texts and write what every head uses of them, by distance and by what stands there, with passages.

    Ended at any time, the same command goes on. docs/survey.md has the tables.
    """
    from analysis.survey import SurveyError, folder_of, here, name_of, on_ray, survey

    if engine not in ("here", "ray"):
        raise typer.BadParameter(f"there is no engine {engine!r}; there are here and ray")
    folder = find(checkpoint, runs).folder
    if threads:
        torch.set_num_threads(threads)
    try:
        target = output or folder_of(folder, name or name_of(texts))
        made = survey(
            folder,
            texts,
            target,
            data=data,
            device=device or default_device(),
            engine=on_ray(address, workers) if engine == "ray" else here,
            again=again,
        )
    except SurveyError as error:
        fail(str(error))
    typer.echo(f"the survey is in {target}" if made else f"{target} is that survey already")
