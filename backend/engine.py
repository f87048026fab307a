"""The model's thread: the event loop never computes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from backend.catalogue import Entry
from backend.settings import Settings
from model.checkpoint import load
from model.transformer import Transformer

T = TypeVar("T")


class Busy(RuntimeError):
    """The queue is full."""


class Engine:
    """One worker behind a bounded queue, and the models it used last."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loaded: OrderedDict[Entry, Transformer] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._waiting = 0

    async def run(self, entry: Entry, work: Callable[[Transformer], T]) -> T:
        """Do a piece of work with a checkpoint's model. Raises Busy, CheckpointError, and what the work raises."""
        if self._waiting >= self.settings.max_queue:
            raise Busy
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._worker, lambda: work(self._model(entry)))
        finally:
            self._waiting -= 1

    def figures(self) -> dict[str, float]:
        """What it does now, and has done since the start."""
        now = ("waiting", "running", "models", "model_bytes", "result_bytes", "prefix_bytes")
        since = ("done", "refused", "cancelled", "late", "shared", "batched")
        results = ("result_hits", "result_misses", "model_seconds")
        figures = dict.fromkeys((*now, *since, *results), 0.0)
        return {**figures, "waiting": self._waiting, "models": len(self.loaded)}

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._worker.shutdown(cancel_futures=True)

    def _model(self, entry: Entry) -> Transformer:
        if entry not in self.loaded:
            settings = self.settings
            self.loaded[entry] = load(entry.folder, settings.torch_device, settings.torch_dtype)
            if len(self.loaded) > 4:
                self.loaded.popitem(last=False)
        self.loaded.move_to_end(entry)
        return self.loaded[entry]
