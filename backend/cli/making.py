"""`spanscope trim`, `import`, `corpus`: what becomes a run, or is read by one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer
from tqdm import tqdm

from backend.catalogue import Entry
from backend.cli.shared import CheckpointId, Data, Device, Runs, Threads, default_device, find
from model import corpora
from model.checkpoint import load
from model.config import Budget, BudgetKind
from model.original import import_run
from model.trim import trim_to
from model.use import valid_split

TRIM_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"

commands = typer.Typer()


@commands.command()
def trim(
    checkpoint: CheckpointId,
    keep_bpc: Annotated[
        float | None,
        typer.Option(metavar="BITS", help="lose at most so many bits per character on valid"),
    ] = None,
    flops: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="leave such a share of the attention's multiply-adds"),
    ] = None,
    cache: Annotated[
        float | None, typer.Option(metavar="SHARE", help="leave such a share of the cache")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="the run to make; default: RUN-trimmed in --runs"),
    ] = None,
    runs: Runs = Path("runs"),
    data: Data = None,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Shorten the spans of a checkpoint where that loses the fewest bits, as far as one of three budgets allows.

    `spanscope trim classics-adaptive@latest --keep-bpc 0.01` makes the run classics-adaptive-trimmed: the same weights,
    shorter spans. What is measured is kept, so that the same command goes on where it was ended.
    """
    from analysis.what_if import Change, pace
    from backend.tables import trim_table

    given: dict[BudgetKind, float | None] = {"bpc": keep_bpc, "flops": flops, "cache": cache}
    budgets = [Budget(kind, most) for kind, most in given.items() if most is not None]
    if len(budgets) != 1:
        raise typer.BadParameter("give one budget: --keep-bpc, --flops or --cache")
    if threads:
        torch.set_num_threads(threads)
    entry = find(checkpoint, runs)
    target = output or runs / f"{entry.run.name}-trimmed"
    with tqdm(desc=target.name, bar_format=TRIM_BAR, dynamic_ncols=True, disable=None) as bar:

        def told(what: str, done: float, total: float) -> None:
            bar.total, bar.n = total, done
            bar.set_postfix_str(what, refresh=False)
            bar.update(0)

        run = trim_to(entry.folder, budgets[0], target, told, data, device or default_device())
    made = Entry.of(run.checkpoint(run.steps()[-1]))
    tokens = valid_split(corpora.load(made.spec.corpus, data), made.spec.model)
    paces = [pace(load(one.folder), tokens) for one in (entry, made)]
    typer.echo(f"{made.id} is in {target}\n{trim_table(entry, made, Change(*paces))}")


@commands.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.pt", help="a checkpoint of that code")],
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="the run to make, runs/NAME")],
    block: Annotated[int, typer.Option(help="tokens that it read at once in training")] = 512,
    ramp: Annotated[int, typer.Option(help="the ramp R of its masks, in tokens")] = 32,
    corpus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="text8 or enwik8, or the training file made of it, to tell which symbol has which number",
        ),
    ] = None,
) -> None:
    """Make a run of a checkpoint of the paper's own code, with its curves; nothing in the file is run.

    Without --corpus its spans, their cost and its curves are shown, and it reads no text.
    """
    run = import_run(file, output, block, ramp, corpus)
    model = run.spec.model
    typer.echo(
        f"{run.name}@{run.steps()[-1]} is in {output}: {model.variant}, {model.layers} layers of {model.heads} heads, "
        f"{model.symbols} symbols{' without names' if model.alphabet == 'unknown' else ''}"
    )


@commands.command()
def corpus(
    name: Annotated[str | None, typer.Argument(help="none: list what there is")] = None,
    file: Annotated[Path | None, typer.Option(help="text8 or enwik8 from your disk")] = None,
    data: Data = None,
) -> None:
    """Fetch a corpus, check its digests and keep it ready; without a name, list them."""
    if name is None:
        for known, description in corpora.DESCRIPTIONS.items():
            typer.echo(f"{known:10} {description}")
        return
    prepared = corpora.load(name, data, file)
    for split in ("train", "valid", "test"):
        typer.echo(
            f"{split:5} {len(getattr(prepared, split)):>11,} tokens  sha256 {prepared.digests[split]}"
        )
