"""Which checkpoints there are: those of the runs folder and, read-only, of the shelf that ships."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import Any

from torch import Tensor

from model import checkpoint
from model.checkpoint import CheckpointError
from model.config import RunSpec
from model.evaluate import SpanSample
from model.files import reason
from model.head_use import HeadUse
from model.runs import NAME, Run

STEP = re.compile(r"0|[1-9][0-9]{0,7}")


@dataclass(frozen=True)
class Entry:
    """One checkpoint; it never changes, so what is read of it is kept.

    `written` tells it from another one that took its place, when a run is removed and its name used again.
    """

    folder: Path
    written: tuple[int, int]

    @classmethod
    def of(cls, folder: Path) -> Entry:
        """Raises CheckpointError where there is none, or where a link or a pipe stands for one of its files."""
        names = ("config.json", "summary.json", "model.safetensors")
        try:
            states = [(folder / name).lstat() for name in names]
        except OSError as error:
            raise CheckpointError(
                f"{checkpoint.name_of(folder)} is no checkpoint: {reason(error)}"
            ) from error
        if not all(S_ISREG(state.st_mode) for state in states):
            detail = f"{', '.join(names)} must be files, not links to some"
            raise CheckpointError(f"{checkpoint.name_of(folder)}: {detail}")
        return cls(folder, (states[0].st_mtime_ns, states[1].st_mtime_ns))

    @property
    def id(self) -> str:
        return f"{self.run.name}@{self.step}"

    @property
    def run(self) -> Run:
        return Run(self.folder.parent.parent)

    @cached_property
    def _config(self) -> tuple[RunSpec, int]:
        return checkpoint.read_config(self.folder)

    @property
    def spec(self) -> RunSpec:
        return self._config[0]

    @property
    def step(self) -> int:
        return self._config[1]

    @cached_property
    def summary(self) -> dict[str, Any]:
        return checkpoint.read_summary(self.folder)

    @cached_property
    def sample(self) -> SpanSample | None:
        """How its spans move over held-out text, where they do."""
        dynamic = self.spec.model.variant == "dynamic"
        return checkpoint.read_span_sample(self.folder) if dynamic else None

    @cached_property
    def use(self) -> HeadUse | None:
        """What its heads use on held-out text, where that was measured. Raises CheckpointError."""
        return checkpoint.read_use(self.folder) if self.summary.get("use") is not None else None

    @cached_property
    def z(self) -> Tensor:
        return self.sample.z if self.sample else checkpoint.read_z(self.folder)

    @cached_property
    def parameters(self) -> int:
        return checkpoint.count_parameters(self.folder)


class UnknownCheckpoint(KeyError):
    """No run or no step of that name."""


class Catalogue:
    """The runs of several folders; where two have one name, the first folder's counts."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self._known: dict[str, Entry] = {}

    def runs(self) -> list[Run]:
        names = {path.name for folder in self.folders for path in _listed(folder)}
        return [self.run(name) for name in sorted(names) if self._folder(name)]

    def run(self, name: str) -> Run:
        """Raises UnknownCheckpoint."""
        folder = self._folder(name)
        if folder is None:
            raise UnknownCheckpoint(name)
        return Run(folder)

    def entries(self) -> list[Entry]:
        """Every readable checkpoint, the newest of each run first."""
        entries = [entry for run in self.runs() for entry in self._readable(run, run.steps()[::-1])]
        self._known = {entry.id: entry for entry in entries}
        return entries

    def known(self, id: str) -> Entry | None:
        """A checkpoint that was read before and is still there, found by a few looks at the disk."""
        entry = self._known.get(id)
        if entry is None or self._folder(entry.run.name) != entry.run.folder:
            return None
        try:
            return entry if Entry.of(entry.folder) == entry else None
        except CheckpointError:
            return None

    def resolve(self, name: str) -> tuple[Entry, bool]:
        """The checkpoint of `<run>@<step>`, `@latest` or `@best` (by bpc), and whether it was an alias.

        Raises UnknownCheckpoint.
        """
        run_name, _, step = name.partition("@")
        run = self.run(run_name)
        if STEP.fullmatch(step):
            found = next(self._readable(run, [int(step)]), None)
        elif step == "latest":
            found = next(self._readable(run, run.steps()[::-1]), None)
        elif step == "best":
            entries = self._readable(run, run.steps())
            measured = [entry for entry in entries if entry.summary["bpc"].get("part")]
            found = min(measured, key=lambda entry: entry.summary["bpc"]["part"], default=None)
        else:
            found = None
        if found is None:
            raise UnknownCheckpoint(name)
        return found, step in ("latest", "best")

    def _folder(self, name: str) -> Path | None:
        if not NAME.fullmatch(name):
            return None
        folders = (folder / name for folder in self.folders)
        return next((folder for folder in folders if (folder / "run.json").is_file()), None)

    def _readable(self, run: Run, steps: list[int]) -> Iterator[Entry]:
        """Their checkpoints, but for those that were removed meanwhile or are damaged."""
        for step in steps:
            try:
                entry = Entry.of(run.checkpoint(step))
                known = self._known.get(f"{run.name}@{step}")
                entry = known if known == entry else entry
                if entry.spec and entry.summary and entry.parameters and entry.z.numel():
                    self._known[entry.id] = entry
                    yield entry
            except CheckpointError:
                continue


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
