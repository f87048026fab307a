"""Answers as one types: what the models remember of texts read before, for a moment."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from analysis.what_if import Cut
from backend.catalogue import Entry
from model.pasts import Past

Model = tuple[Entry, tuple[Cut, ...]]
"""A checkpoint, and the spans cut in it: what one remembers is of no use to another."""


class _Key(NamedTuple):
    model: Model
    length: int
    digest: bytes


class Prefixes:
    """The pasts used last, at most so many bytes of them, on the device where they were made.

    No answer needs them: without one the text is read anew. Only the model's thread may touch it.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._pasts: OrderedDict[_Key, Past] = OrderedDict()

    def of(self, entry: Entry, cuts: Iterable[Cut] = ()) -> PrefixesOfModel:
        """Those of one checkpoint with some of its spans cut."""
        return PrefixesOfModel(self, (entry, tuple(sorted(cuts))))

    def find(self, model: Model, tokens: Tensor) -> Past | None:
        """The past of the longest known beginning of int64 [T]."""
        lengths = {key.length for key in self._pasts if key.model == model}
        known = [
            key
            for key in _keys(model, tokens, (n for n in lengths if n <= len(tokens)))
            if key in self._pasts
        ]
        if not known:
            return None
        self._pasts.move_to_end(known[-1])
        return self._pasts[known[-1]]

    def keep(self, model: Model, tokens: Tensor, past: Past) -> None:
        """Keep a past of int64 [T], and forget those used longest ago where there are too many bytes.

        One that is too large by itself is not kept.
        """
        if _bytes(past) > self.max_bytes:
            return
        (key,) = _keys(model, tokens, [past.length])
        if key not in self._pasts:
            self.bytes += _bytes(past)
        self._pasts[key] = past
        self._pasts.move_to_end(key)
        while self.bytes > self.max_bytes:
            self.bytes -= _bytes(self._pasts.popitem(last=False)[1])


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
