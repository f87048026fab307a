"""The command `spanscope`: serve, config, train, trainer, presets, evaluate, spans, survey, trim, import, corpus."""

from __future__ import annotations

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from backend import origins
from backend.cli import making, reading, serving, training
from backend.cli.shared import fail
from model.alphabets import UnknownAlphabet
from model.checkpoint import CheckpointError
from model.config import ConfigError
from model.corpora import CorpusError
from model.runs import RunError

app = typer.Typer(
    help="See how far back each attention head of a transformer looks.\n\n"
    "Start with `spanscope serve` and open the address it prints; train a model of your own with "
    "`spanscope train my-run`; it appears in the page with its first checkpoint.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (serving, training, reading, making):
    app.add_typer(module.commands)


def main() -> None:
    """Run the command line; a known failure is one line and exit status 1."""
    try:
        app()
    except ValidationError as error:
        fail("; ".join(origins.faults(error)))
    except (
        SettingsError,
        ConfigError,
        RunError,
        CorpusError,
        CheckpointError,
        UnknownAlphabet,
    ) as error:
        fail(str(error))
