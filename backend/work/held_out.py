"""What the what-if reads: a checkpoint's own sample of held-out text, and the readings of it made last."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool

from analysis.held_out import HeldOutReading, read_held_out
from analysis.what_if import Cut
from backend.catalogue import Entry
from model import corpora
from model.config import alphabet_of
from model.corpora import CorpusError
from model.transformer import Transformer
from model.use import held_out_sample, valid_split

KEPT = 256
"""Readings, of some tens of kilobytes each: a cut that was seen before is answered at once."""


class HeldOut:
    """Samples and readings, kept while the service runs. `read` is for the models' threads."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._samples: dict[Entry, np.ndarray] = {}
        self._readings: OrderedDict[tuple[Entry, tuple[Cut, ...]], HeldOutReading] = OrderedDict()
        self._preparing = asyncio.Lock()
        self._keeping = threading.Lock()

    async def sample(self, entry: Entry) -> np.ndarray:
        """The text that `heads` were measured on; its corpus is fetched where it is not on this machine.

        Raises UnknownAlphabet, 409 where the model cannot read its corpus, and 503 where that cannot be had.
        """
        async with self._preparing:  # one fetches, the others wait for what it has fetched
            if entry not in self._samples:
                self._samples[entry] = await run_in_threadpool(self._prepared, entry)
            return self._samples[entry]

    def _prepared(self, entry: Entry) -> np.ndarray:
        spec = entry.spec
        alphabet_of(spec.model)
        if spec.corpus not in corpora.NAMES:
            raise HTTPException(409, f"no corpus is known that {entry.id} was trained on")
        try:
            corpus = corpora.load(spec.corpus, self.data)
        except CorpusError as error:
            detail = (
                f"This reads held-out text of {spec.corpus}, which cannot be had on this machine. Where there is a "
                f"network, `spanscope corpus {spec.corpus}` fetches it, or says what is wrong."
            )
            raise HTTPException(503, detail) from error
        try:
            return held_out_sample(valid_split(corpus, spec.model), spec.model.span_limit)
        except CorpusError as error:
            raise HTTPException(409, str(error)) from error

    def read(
        self, net: Transformer, entry: Entry, sample: np.ndarray, cuts: Sequence[Cut]
    ) -> HeldOutReading:
        """A reading with these heads cut: the one made before, or a new one. Raises ValueError as `read_held_out`."""
        key = entry, tuple(sorted(cuts))
        with self._keeping:
            if reading := self._readings.get(key):
                self._readings.move_to_end(key)
                return reading
        reading = read_held_out(net, sample, key[1])
        with self._keeping:
            self._readings[key] = reading
            if len(self._readings) > KEPT:
                self._readings.popitem(last=False)
        return reading
