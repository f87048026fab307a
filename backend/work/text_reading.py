"""The reading of a text as work for the model's thread, and of short ones together."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from torch import Tensor

from analysis.cost import cache_bytes
from analysis.what_if import Cut, WhatIf, reading_of_text, what_if
from backend.work.devices import Loaded
from backend.work.engine import Batchable
from model.config import ModelConfig
from model.probe import Field, Reading, read, read_together

SHORT, ALIKE = 256, 64
"""Tokens of a text that is read together with others, and those of like length (docs/benchmarks.md says why)."""
LARGEST_CACHE = 16 << 20
"""Bytes: of models that remember more of a text only one is read at once."""


class TextRead(NamedTuple):
    reading: Reading
    seconds: float
    change: WhatIf | None


@dataclass(frozen=True, eq=False)
class TextReading(Batchable[TextRead]):
    """Read int64 [T] with some heads cut, report the tokens from `first` on, and say what the cuts change if asked to.

    A text that is not read from its beginning on continues one that was read a moment ago, and is quicker alone.
    """

    config: ModelConfig
    tokens: Tensor
    first: int
    fields: frozenset[Field]
    likeliest: int
    cuts: tuple[Cut, ...]
    changes: bool

    @property
    def kind(self) -> Hashable | None:
        config, length = self.config, len(self.tokens)
        cache = cache_bytes(config, config.layers * config.heads * config.span_limit)
        if self.first or self.changes or length > SHORT or cache > LARGEST_CACHE:
            return None
        return (length - 1) // ALIKE, self.fields, self.likeliest, self.cuts

    def __call__(self, loaded: Loaded) -> TextRead:
        net, tokens, first = loaded.net, self.tokens, self.first
        change = (
            what_if(net, self.cuts, reading_of_text(net, tokens, first)) if self.changes else None
        )
        started = time.perf_counter()
        with net.cut(self.cuts):
            pasts = loaded.pasts(self.cuts)
            reading = read(net, tokens, self.fields, self.likeliest, first, pasts)
        return TextRead(reading, time.perf_counter() - started, change)

    @classmethod
    def together(cls, loaded: Loaded, works: Sequence[Self]) -> list[TextRead]:
        """All of one kind; the seconds of each are its share of those of all."""
        one = works[0]
        started = time.perf_counter()
        with loaded.net.cut(one.cuts):
            texts = [work.tokens for work in works]
            readings = read_together(loaded.net, texts, one.fields, one.likeliest)
        seconds = (time.perf_counter() - started) / len(works)
        return [TextRead(reading, seconds, None) for reading in readings]
