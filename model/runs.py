"""The run folder: what was asked for, what was measured, who trains it, its checkpoints (DESIGN section 3)."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import RunSpec
from model.files import remove_folder, whole_folder, write_text

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
STEP = re.compile(r"step-(\d{8})")
LOCK_TRIES = 10


class RunError(RuntimeError):
    """A run cannot be made, read or trained; the message names it and says why."""


@dataclass(frozen=True)
class Run:
    """A folder anyone can copy to another machine."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @classmethod
    def create(cls, runs: Path, name: str, spec: RunSpec) -> Run:
        """Raises RunError for a bad name or one that is taken."""
        if not NAME.fullmatch(name):
            raise RunError(
                f"{name!r} is no name of a run: up to 63 of a-z, 0-9 and -, not starting with -"
            )
        text = json.dumps(spec.to_dict(), indent=1) + "\n"
        try:
            with whole_folder(runs / name) as new:
                (new / "checkpoints").mkdir()
                (new / "run.json").write_text(text, encoding="utf-8")
        except FileExistsError:
            detail = f"a run named {name} exists: resume it, or choose another name"
            raise RunError(detail) from None
        return cls(runs / name)

    @property
    def spec(self) -> RunSpec:
        """Raises RunError."""
        try:
            text = (self.folder / "run.json").read_text(encoding="utf-8")
            return RunSpec.from_dict(json.loads(text))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"run {self.name}: run.json cannot be read: {error}") from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by the process that trains. Raises RunError where another one holds it."""
        with (self.folder / "lock").open("w", encoding="utf-8") as file:
            for patience in range(LOCK_TRIES, 0, -1):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if patience == 1:
                        detail = f"run {self.name} is being trained by another process"
                        raise RunError(detail) from None
                    time.sleep(0.1)  # `training` holds it for a moment, too
            yield

    @property
    def training(self) -> bool:
        """Whether some process holds the lock."""
        try:
            with (self.folder / "lock").open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def metrics(self) -> list[dict[str, Any]]:
        """The evaluations so far; a line cut short by a crash is left out. Raises RunError."""
        try:
            text = (self.folder / "metrics.jsonl").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        try:
            return [json.loads(line) for line in text.split("\n")[:-1]]
        except ValueError as error:
            raise RunError(f"run {self.name}: metrics.jsonl cannot be read: {error}") from error

    def append_metrics(self, line: dict[str, Any]) -> None:
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def truncate_metrics(self, step: int) -> None:
        """Forget the evaluations after a step, from which the run goes on."""
        kept = [line for line in self.metrics() if line["step"] <= step]
        write_text(self.folder / "metrics.jsonl", "".join(json.dumps(m) + "\n" for m in kept))

    def checkpoint(self, step: int) -> Path:
        return self.folder / "checkpoints" / f"step-{step:08d}"

    def steps(self) -> list[int]:
        """The steps of its checkpoints, in order."""
        try:
            names = [path.name for path in (self.folder / "checkpoints").iterdir()]
        except OSError:
            return []
        return sorted(int(match[1]) for name in names if (match := STEP.fullmatch(name)))

    def prune(self, keep: int) -> None:
        """Remove all but the newest checkpoints."""
        for step in self.steps()[:-keep]:
            remove_folder(self.checkpoint(step))
