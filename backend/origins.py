"""Where each setting comes from, and what is wrong with it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from backend.settings import CONFIG_VARIABLE, PREFIX, Settings, settings_file, toml_source

Sources: TypeAlias = list[tuple[str, Mapping[str, object]]]

DEFAULT, OPTION = "default", "the command line"


@dataclass(frozen=True)
class Told:
    """A setting as it was written, and by whom; a secret only as `set`."""

    name: str
    value: str
    origin: str
    description: str


def told(given: Mapping[str, object] | None = None) -> list[Told]:
    """Every setting; `given` are those of the command line. Raises SettingsError where the file cannot be read."""
    sources = _sources(given or {})
    return [_told(name, sources) for name in Settings.model_fields]


def faults(error: ValidationError) -> Iterator[str]:
    """What is wrong with settings, and where that stands."""
    sources = _sources({})
    for fault in error.errors(include_input=False):
        origin, _ = _written(str(fault["loc"][0]), sources)
        place = ".".join(map(str, fault["loc"]))
        # defaults are right
        yield f"{place}: {fault['msg']} ({OPTION if origin == DEFAULT else origin})"


def unknown_variables() -> Iterator[str]:
    """What looks like a setting in the environment and is none, a line each."""
    known = {_variable(name) for name in Settings.model_fields} | {CONFIG_VARIABLE}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            alike = difflib.get_close_matches(name.upper(), known, n=1)
            yield f"{name} is no setting" + (f"; is it {alike[0]}?" if alike else "")


def _sources(given: Mapping[str, object]) -> Sources:
    """What each sets, the first counting most."""
    return [
        (OPTION, given),
        (PREFIX, EnvSettingsSource(Settings)()),
        (settings_file().name, toml_source(Settings)()),
    ]


def _written(name: str, sources: Sources) -> tuple[str, object]:
    """Where a setting's value comes from, and the value as it stands there."""
    for source, values in sources:
        if name in values:
            return (_variable(name) if source == PREFIX else source), values[name]
    field = Settings.model_fields.get(name)
    return DEFAULT, field.get_default() if field else None


def _told(name: str, sources: Sources) -> Told:
    field = Settings.model_fields[name]
    origin, value = _written(name, sources)
    if value is not None and "SecretStr" in str(field.annotation):
        value = "set"
    return Told(name, _plain(value), origin, field.description or "")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
