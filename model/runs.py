"""The run folder: what was asked for, what was measured, what happened, who trains it (DESIGN section 3).

run.json, metrics.jsonl, log.jsonl, progress.json, about.json, lock and checkpoints/. Nobody keeps a run's state: it follows
from the last thing that happened and from whether a process holds the lock, so that it is right after any crash.
"""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from model.config import ConfigError, RunSpec
from model.files import (
    append_line,
    read_lines,
    reason,
    remove_folder,
    whole_folder,
    write_text,
)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
STEP = re.compile(r"step-(\d{8})")
LOCK_TRIES = 10
DAMAGED = "damaged-"

Event = Literal[
    "queued",  # somebody wants it trained
    "started",
    "resumed",  # by the process that now holds the lock
    "checkpoint",
    "damaged",  # a checkpoint that cannot be resumed from was set aside
    "paused",
    "continued",  # the disk is full; the process waits for room
    "stop",  # somebody wants it to rest
    "stopped",  # saved and left, since somebody wanted that
    "left",  # saved and left, since the process was told to end: the next one goes on
    "failed",
    "ended",
]
TELLING = ("checkpoint", "damaged")
"""Events that change no state."""
WISHES = ("queued", "stop")
"""Events that people cause; all others are told by the process that trains."""

State = Literal[
    "queued", "training", "paused", "stopping", "stopped", "interrupted", "failed", "ended"
]
WAITING: tuple[State, ...] = ("interrupted", "queued")
"""What a trainer takes up, in this order."""


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
    def create(cls, runs: Path, name: str, spec: RunSpec, *, queued: bool = False) -> Run:
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
                if queued:
                    cls(new).tell("queued")
        except FileExistsError:
            detail = f"a run named {name} exists: resume it, or choose another name"
            raise RunError(detail) from None
        return cls(runs / name)

    @property
    def spec(self) -> RunSpec:
        """Raises RunError."""
        try:
            return RunSpec.from_dict(self._object("run.json"))
        except ConfigError as error:
            raise RunError(f"run {self.name}: run.json cannot be read: {error}") from error

    @property
    def trims(self) -> bool:
        """Whether it trims a model; one that cannot be read does not: training says in its log what is wrong with it."""
        with suppress(RunError):
            return bool(self.spec.parent)
        return False

    def _object(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"run {self.name}: {name} cannot be read: {reason(error)}") from error

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

    def tell(self, event: Event, step: int | None = None, detail: str = "") -> None:
        """Add to the log. Raises OSError."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        values = {"time": now, "event": event, "step": step, "detail": detail}
        append_line(self.folder / "log.jsonl", values)

    def log(self) -> list[dict[str, Any]]:
        """What happened, in order: time, event, step (or None) and detail. Raises RunError."""
        return self._lines("log.jsonl")

    def last_event(self) -> dict[str, Any] | None:
        """The last one that changed its state. Raises RunError."""
        events = (line for line in reversed(self.log()) if line.get("event") not in TELLING)
        return next(events, None)

    def should_rest(self, since: int) -> bool:
        """Whether the last that somebody wanted of it, after so many lines of its log, is that it stops. Raises RunError."""
        wishes = [line["event"] for line in self.log()[since:] if line.get("event") in WISHES]
        return wishes[-1:] == ["stop"]

    def state(self, *, locked: bool | None = None) -> tuple[State, str]:
        """What it is doing, and why. Raises RunError.

        `locked` says whether a process trains it, where the caller knows.
        """
        if locked is None:
            locked = self.training
        last = self.last_event()
        event, detail = (last.get("event"), str(last.get("detail", ""))) if last else (None, "")
        if locked:
            states: dict[Any, State] = {"stop": "stopping", "paused": "paused"}
            return states.get(event, "training"), detail
        if last is None:  # it was trained before there was a log, or by other code
            steps, spec = self.steps(), self.spec
            ended = spec.imported or bool(steps and steps[-1] >= spec.training.steps)
            return ("ended" if ended else "stopped"), ""
        states = {
            "queued": "queued",
            "stop": "stopped",
            "stopped": "stopped",
            "failed": "failed",
            "ended": "ended",
        }
        return states.get(event, "interrupted"), detail

    def metrics(self) -> list[dict[str, Any]]:
        """The evaluations so far. Raises RunError."""
        lines = self._lines("metrics.jsonl")
        if any(type(line.get("step")) is not int for line in lines):
            raise RunError(f"run {self.name}: metrics.jsonl cannot be read: a line names no step")
        return lines

    def _lines(self, name: str) -> list[dict[str, Any]]:
        try:
            return read_lines(self.folder / name)
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"run {self.name}: {name} cannot be read: {reason(error)}") from error

    def append_metrics(self, line: dict[str, Any]) -> None:
        """Raises OSError, and has then added nothing."""
        append_line(self.folder / "metrics.jsonl", line)

    def truncate_metrics(self, step: int) -> None:
        """Forget the evaluations after a step, from which the run goes on. Raises OSError."""
        lines = self.metrics()
        kept = [line for line in lines if line["step"] <= step]
        if len(kept) < len(lines):
            write_text(self.folder / "metrics.jsonl", "".join(json.dumps(m) + "\n" for m in kept))

    def report(self, progress: dict[str, Any]) -> None:
        """Say how far training is: worth nothing after a crash, so not synced, and left out where the disk is full."""
        temporary = self.folder / ".progress.json.new"
        with suppress(OSError):
            temporary.write_text(json.dumps(progress), encoding="utf-8")
            temporary.replace(self.folder / "progress.json")

    def progress(self) -> dict[str, Any]:
        """What the process that trains it reported last: step, loss, tokens_per_second, time; empty where none did."""
        return self._small_object("progress.json")

    def about(self) -> dict[str, Any]:
        """What people say of it and may change: title, note, archived."""
        return self._small_object("about.json")

    def _small_object(self, name: str) -> dict[str, Any]:
        try:
            values = self._object(name)
        except RunError:
            return {}
        return values if isinstance(values, dict) else {}

    def describe(self, **changes: Any) -> None:
        """Change what `about` says, one change after another whoever makes them. Raises OSError."""
        with (self.folder / "run.json").open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = json.dumps({**self.about(), **changes}, indent=1, ensure_ascii=False) + "\n"
            write_text(self.folder / "about.json", text)

    def checkpoint(self, step: int) -> Path:
        return self.folder / "checkpoints" / f"step-{step:08d}"

    def steps(self) -> list[int]:
        """The steps of its checkpoints, in order."""
        try:
            names = [path.name for path in (self.folder / "checkpoints").iterdir()]
        except OSError:
            return []
        return sorted(int(match[1]) for name in names if (match := STEP.fullmatch(name)))

    def set_aside(self, step: int) -> Path:
        """Keep a damaged checkpoint under a name by which nobody takes it for one."""
        folder = self.checkpoint(step)
        target = folder.with_name(DAMAGED + folder.name)
        if target.exists():
            remove_folder(target)
        return folder.rename(target)

    def prune(self, keep: int, every: int = 0, best: int | None = None) -> None:
        """Remove all checkpoints but the newest, the best one's step, and the multiples of some steps (0: none)."""
        for step in self.steps()[:-keep]:
            if step != best and not (every and step % every == 0):
                remove_folder(self.checkpoint(step))
