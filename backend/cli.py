"""`spanscope`: serve, config, train, trainer, presets, evaluate, spans, survey, trim, import, corpus."""

from __future__ import annotations

import logging
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, NoReturn

import torch
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from tqdm import tqdm

from backend import origins
from backend.catalogue import Catalogue, Entry, UnknownCheckpoint
from backend.settings import Settings
from model import background, corpora
from model.alphabets import Table, UnknownAlphabet
from model.checkpoint import CheckpointError, load
from model.config import Budget, ConfigError, alphabet_of, parse_setting
from model.corpora import CorpusError
from model.evaluate import evaluate as evaluate_model
from model.leave import leave_on_signals
from model.original import import_run
from model.presets import DEFAULT_PRESET, PRESETS
from model.runs import RunError
from model.train import open_run, train
from model.trim import trim_to
from model.use import valid_split

log = logging.getLogger("spanscope")
TRIM_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"

app = typer.Typer(
    help="See how far back each attention head of a transformer looks.\n\n"
    "Start with `spanscope serve` and open the address it prints; train a model of your own with "
    "`spanscope train my-run`; it appears in the page with its first checkpoint.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
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


@app.command()
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
        _fail(
            f"{chosen.host} can be reached from other machines: set SPANSCOPE_TOKEN to what they must show, "
            "or let everybody in with --without-token"
        )
    beside = trainer_beside(chosen.runs, chosen.data, chosen.torch_device)
    with beside if with_trainer else nullcontext():
        run(chosen)


@app.command()
def config() -> None:
    """Print every setting of `serve`, where its value comes from, and what is wrong with it."""
    from backend.tables import settings_table

    typer.echo(settings_table(origins.told()))
    for line in origins.unknown_variables():
        typer.echo(f"warning: {line}", err=True)
    Settings()


@app.command("train")
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


@app.command()
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


@app.command()
def presets() -> None:
    """Print what `train --preset` takes, with parameters, multiply-adds a token and memory."""
    from backend.tables import presets_table

    typer.echo(presets_table())


@app.command()
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

    entry = _find(checkpoint, runs)
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


@app.command()
def spans(checkpoint: CheckpointId, runs: Runs = Path("runs")) -> None:
    """Print z and span of every head as CSV, one row a head, in tokens; of a dynamic span how it moves on held-out text."""
    from analysis.spans import spans_table

    entry = _find(checkpoint, runs)
    table = spans_table(entry.z, entry.spec.model, entry.sample)
    typer.echo(table.to_csv(index=False, float_format="%.3f"), nl=False)


@app.command("survey")
def survey_command(
    checkpoint: CheckpointId,
    texts: Annotated[
        list[str],
        typer.Argument(metavar="TEXTS...", help="a corpus, or text files and folders of them"),
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
    folder = _find(checkpoint, runs).folder
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
        _fail(str(error))
    typer.echo(f"the survey is in {target}" if made else f"{target} is that survey already")


@app.command()
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

    given = {"bpc": keep_bpc, "flops": flops, "cache": cache}
    budgets = [Budget(kind, float(x)) for kind, x in given.items() if x is not None]  # type: ignore[arg-type]
    if len(budgets) != 1:
        raise typer.BadParameter("give one budget: --keep-bpc, --flops or --cache")
    if threads:
        torch.set_num_threads(threads)
    entry = _find(checkpoint, runs)
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


@app.command("import")
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


@app.command()
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


def _find(name: str, runs: Path) -> Entry:
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


def main() -> None:
    """Run the command line; a known failure is one line and exit status 1."""
    try:
        app()
    except ValidationError as error:
        _fail("; ".join(origins.faults(error)))
    except (
        SettingsError,
        ConfigError,
        RunError,
        CorpusError,
        CheckpointError,
        UnknownAlphabet,
    ) as error:
        _fail(str(error))


def _fail(detail: str) -> NoReturn:
    typer.echo(f"error: {detail}", err=True)
    raise SystemExit(1) from None
