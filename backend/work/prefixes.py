"""Answers as one types: what the models remember of texts read before, for a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from analysis.what_if import Cut
from backend.catalogue import Entry
from backend.work.bounded import Bounded
from model.pasts import Past

Model = tuple[Entry, tuple[Cut, ...]]
"""A checkpoint, and the spans cut in it: what one remembers is of no use to another."""


class _Key(NamedTuple):
    model: Model
    length: int
    digest: bytes


class Prefixes(Bounded[_Key, Past]):
    """The pasts used last, at most so many bytes of them, on the device where they were made.

    No answer needs them: without one the text is read anew. Only the device's thread may touch it.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, _bytes)

    def of(self, entry: Entry, cuts: Iterable[Cut] = ()) -> PrefixesOfModel:
        """Those of one checkpoint with some of its spans cut."""
        return PrefixesOfModel(self, (entry, tuple(sorted(cuts))))

    def find(self, model: Model, tokens: Tensor) -> Past | None:
        """The past of the longest known beginning of int64 [T]."""
        lengths = {key.length for key in self.by_use() if key.model == model}
        beginnings = _keys(model, tokens, (n for n in lengths if n <= len(tokens)))
        known = [key for key in beginnings if key in self]
        return self.get(known[-1]) if known else None

    def keep(self, model: Model, tokens: Tensor, past: Past) -> None:
        """Keep a past of int64 [T]; one that is too large by itself is not kept."""
        if _bytes(past) <= self.max_bytes:
            (key,) = _keys(model, tokens, [past.length])
            self.put(key, past)


@dataclass(frozen=True)
class PrefixesOfModel:
    """The `Pasts` of one model."""

    prefixes: Prefixes
    model: Model

    def find(self, tokens: Tensor) -> Past | None:
        return self.prefixes.find(self.model, tokens)

    def keep(self, tokens: Tensor, past: Past) -> None:
        self.prefixes.keep(self.model, tokens, past)


def _keys(model: Model, tokens: Tensor, lengths: Iterable[int]) -> list[_Key]:
    """The keys of the beginnings of these lengths, the shortest first: the tokens are gone through once."""
    digest, numbers, start, keys = hashlib.sha256(), tokens.numpy(), 0, list[_Key]()
    for length in sorted(lengths):
        digest.update(numbers[start:length].tobytes())
        keys.append(_Key(model, length, digest.digest()))
        start = length
    return keys


def _bytes(past: Past) -> int:
    tensors = [*past.memory, *([] if past.output is None else [past.output])]
    return sum(tensor.nbytes for tensor in tensors)
