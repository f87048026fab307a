"""Which checkpoints there are: those of the runs folder and, read-only, of the shelf that ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from model import checkpoint
from model.checkpoint import CheckpointError
from model.config import RunSpec
from model.runs import NAME, Run


@dataclass(frozen=True)
class Entry:
    """One checkpoint; it never changes, so what is read of it is kept."""

    run: Run
    step: int

    @property
    def id(self) -> str:
        return f"{self.run.name}@{self.step}"

    @property
    def folder(self) -> Path:
        return self.run.checkpoint(self.step)

    @cached_property
    def spec(self) -> RunSpec:
        return checkpoint.read_config(self.folder)[0]

    @cached_property
    def summary(self) -> dict[str, Any]:
        return checkpoint.read_summary(self.folder)

    @cached_property
    def z(self) -> Tensor:
        return checkpoint.read_z(self.folder)

    @cached_property
    def parameters(self) -> int:
        return checkpoint.count_parameters(self.folder)

    @property
    def valid_bpc(self) -> float | None:
        bpc: float | None = self.summary["bpc"]["valid"]
        return bpc


class UnknownCheckpoint(KeyError):
    """No run or no step of that name."""


class Catalogue:
    """The runs of several folders; where two have one name, the first folder's counts."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self._entries: dict[tuple[Path, int], Entry] = {}

    def runs(self) -> Iterator[Run]:
        seen: set[str] = set()
        for folder in self.folders:
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                if path.name not in seen and NAME.fullmatch(path.name) and path.is_dir():
                    seen.add(path.name)
                    yield Run(path)

    def run(self, name: str) -> Run:
        """Raises UnknownCheckpoint."""
        for run in self.runs():
            if run.name == name:
                return run
        raise UnknownCheckpoint(name)

    def entries(self) -> list[Entry]:
        """Every readable checkpoint, the newest of each run first."""
        return [
            e
            for run in self.runs()
            for step in run.steps()[::-1]
            if readable(e := self._entry(run, step))
        ]

    def resolve(self, name: str) -> tuple[Entry, bool]:
        """The checkpoint of `<run>@<step>`, `@latest` or `@best` (by valid bpc), and whether it was an alias.

        Raises UnknownCheckpoint.
        """
        run_name, _, step = name.partition("@")
        run = self.run(run_name)
        entries = [e for number in run.steps() if readable(e := self._entry(run, number))]
        if step == "latest" and entries:
            return entries[-1], True
        measured = [entry for entry in entries if entry.valid_bpc is not None]
        if step == "best" and measured:
            return min(measured, key=lambda entry: entry.valid_bpc or 0.0), True
        for entry in entries:
            if str(entry.step) == step:
                return entry, False
        raise UnknownCheckpoint(name)

    def _entry(self, run: Run, step: int) -> Entry:
        return self._entries.setdefault((run.folder, step), Entry(run, step))


def readable(entry: Entry) -> bool:
    """Whether a checkpoint can be listed; one removed or damaged meanwhile is passed over."""
    try:
        return bool(entry.spec and entry.summary and entry.parameters and entry.z.numel())
    except CheckpointError:
        return False
