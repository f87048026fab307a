"""The models' threads, one a device, behind one queue: the event loop never computes."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

import torch

from backend.catalogue import Entry
from backend.settings import Settings
from backend.work.answers import Answers
from backend.work.devices import Device, Loaded

T = TypeVar("T")
TOGETHER = 16
"""The most pieces of work that are done together."""
LASTED = 16
"""From how many of those done last the time is told that the next will take."""


class Busy(RuntimeError):
    """The queue is full."""

    def __init__(self, seconds: int) -> None:
        super().__init__("the queue is full")
        self.seconds = seconds
        """Until a place is likely free."""


class Batchable(ABC, Generic[T]):
    """Work that can be done together with other work of its kind on the same checkpoint."""

    @property
    @abstractmethod
    def kind(self) -> Hashable | None:
        """None for work that is better done alone."""

    @abstractmethod
    def __call__(self, loaded: Loaded) -> T: ...

    @classmethod
    @abstractmethod
    def together(cls, loaded: Loaded, works: Sequence[Self]) -> list[T]: ...


@dataclass(eq=False)
class _Piece:
    """Work that somebody waits for."""

    entry: Entry
    work: Callable[[Loaded], Any]
    device: Device | None
    """Where it must be done; None: anywhere."""
    result: Future[Any] = field(default_factory=Future)
    unwanted: bool = False

    def __post_init__(self) -> None:
        self.result.set_running_or_notify_cancel()  # who goes away leaves it to `unwanted`

    @property
    def kind(self) -> Hashable | None:
        return self.work.kind if isinstance(self.work, Batchable) else None

    def goes_with(self, other: _Piece) -> bool:
        return self.kind is not None and (self.entry, self.kind) == (other.entry, other.kind)


class Engine:
    """A thread a device takes the work that waits longest, and what can be done together with it."""

    def __init__(self, settings: Settings, devices: Sequence[str] | None = None) -> None:
        self.settings = settings
        self.answers = Answers(settings.max_result_bytes)
        self.counts: Counter[str] = Counter()
        self.devices = [Device(name, settings) for name in devices or _devices(settings)]
        self._queue: deque[_Piece] = deque()
        self._running = 0
        self._lasted: deque[float] = deque(maxlen=LASTED)
        self._model_seconds = 0.0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._serve, args=(device,), name=device.name, daemon=True)
            for device in self.devices
        ]
        for thread in self._threads:
            thread.start()

    @property
    def loaded(self) -> list[Entry]:
        """The checkpoints whose models are loaded, on each device that used last at the end."""
        return [entry for device in self.devices for entry in device.models.by_use()]

    async def run(
        self, entry: Entry, work: Callable[[Loaded], T], device: Device | None = None
    ) -> T:
        """Do a piece of work with a checkpoint's model, on a certain device where it goes on with work done there.

        When the caller is cancelled, work that waits is dropped and work that runs ends before the next layer. Raises
        Busy, CheckpointError, and what the work raises.
        """
        piece = _Piece(entry, work, device)
        with self._changed:
            self.require_place()
            self._queue.append(piece)
            self._changed.notify_all()
        try:
            done: T = await asyncio.wrap_future(piece.result)
            return done
        except asyncio.CancelledError:
            self._give_up(piece)
            raise

    def require_place(self) -> None:
        """Raises Busy where the queue is full, or closed."""
        if self._closed or len(self._queue) + self._running >= self.settings.max_queue:
            raise Busy(self.seconds_until_free())

    def seconds_until_free(self) -> int:
        """How long a place in the queue is likely to be waited for, at least a second: as the last ones were."""
        lasted = list(self._lasted) or [0.0]
        return max(1, math.ceil(sum(lasted) / len(lasted) / len(self.devices)))

    def figures(self) -> dict[str, float]:
        """What is there now, and what was counted since the start.

        `done` and `cancelled` count pieces of work, `batched` those of them that were done together with others; the
        others count requests.
        """
        devices, answers = self.devices, self.answers
        counts = ("done", "refused", "cancelled", "late", "batched")
        return {
            "waiting": len(self._queue),
            "running": self._running,
            "models": sum(len(device.models) for device in devices),
            "model_bytes": sum(device.models.bytes for device in devices),
            "prefix_bytes": sum(device.prefixes.bytes for device in devices),
            "model_seconds": self._model_seconds,
            **{name: self.counts[name] for name in counts},
            **answers.figures(),
        }

    def close(self) -> None:
        """Finish what runs and what waits; nothing is taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _give_up(self, piece: _Piece) -> None:
        with self._changed:
            if not piece.result.done():
                self.counts["cancelled"] += 1
            piece.unwanted = True
            if piece in self._queue:
                self._queue.remove(piece)

    def _serve(self, device: Device) -> None:
        while self._serve_next(device):
            pass  # what was read is forgotten before the next wait

    def _serve_next(self, device: Device) -> bool:
        """Whether there was something to do: not, once all is done and the engine closed."""
        pieces = self._next(device)
        if not pieces:
            return False
        started = time.perf_counter()
        results = _done(device, pieces)
        self._note(pieces, time.perf_counter() - started)
        for piece, result in zip(pieces, results, strict=True):
            if isinstance(result, BaseException):
                piece.result.set_exception(result)
            else:
                piece.result.set_result(result)
        return True

    def _next(self, device: Device) -> list[_Piece]:
        """What a device does next, as soon as there is something."""

        def mine() -> _Piece | None:
            return next((p for p in self._queue if p.device in (None, device)), None)

        with self._changed:
            self._changed.wait_for(lambda: self._closed or mine())
            if not (first := mine()):
                return []
            others = [p for p in self._queue if p is not first and p.goes_with(first)]
            pieces = [first, *others[: TOGETHER - 1]]
            for piece in pieces:
                self._queue.remove(piece)
            self._running += len(pieces)
            return pieces

    def _note(self, pieces: list[_Piece], seconds: float) -> None:
        with self._changed:
            self._running -= len(pieces)
            self._lasted.append(seconds)
            self._model_seconds += seconds
            self.counts["done"] += sum(not piece.unwanted for piece in pieces)
            self.counts["batched"] += len(pieces) if len(pieces) > 1 else 0


def _done(device: Device, pieces: list[_Piece]) -> list[Any]:
    """The result of each piece, or what was raised."""
    batch = [piece.work for piece in pieces if isinstance(piece.work, Batchable)]
    try:
        with device.working(lambda: not all(piece.unwanted for piece in pieces)):
            loaded = device.loaded(pieces[0].entry)
            if len(batch) > 1:
                return type(batch[0]).together(loaded, batch)
            return [piece.work(loaded) for piece in pieces]
    except BaseException as error:  # the thread must go on, also after a panic of compiled code
        return [error] * len(pieces)


def _devices(settings: Settings) -> list[str]:
    if settings.torch_device == "cuda":
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [settings.torch_device]
