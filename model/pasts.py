"""Reading a text block by block, on from what is still known of its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from model.transformer import Memory, Pass, Transformer

BLOCK = 512  # what is read does not depend on it


class Past(NamedTuple):
    """What the first tokens of a text leave for those that follow."""

    length: int
    """How many tokens."""
    memory: Memory
    output: Tensor | None
    """[D], the last output of the last token: its logits foretell the next. None before a text begins."""


class Pasts(Protocol):
    """Keeps some pasts of one model (with one choice of cut spans) for as long as it likes."""

    def find(self, tokens: Tensor) -> Past | None:
        """The past of the longest beginning of int64 [T] that is known, if any is."""
        ...

    def keep(self, tokens: Tensor, past: Past) -> None:
        """The past of int64 [T], all of them."""
        ...


@torch.no_grad()
def walk(
    net: Transformer,
    tokens: Tensor,
    first: int = 0,
    stop: int | None = None,
    pasts: Pasts | None = None,
) -> Iterator[tuple[Past, Pass]]:
    """The blocks of tokens [first, stop) of int64 [T], each with the past that it was read from.

    Of what lies before `first`, only what is not known from `pasts` is read. They are given what is passed at whole
    multiples of BLOCK and at the end of the text.
    """
    text = tokens[None].to(net.position.device)
    stop = len(tokens) if stop is None else stop
    past = (pasts.find(tokens[:first]) if pasts else None) or Past(0, [], None)
    while past.length < stop:
        start = past.length
        end = min(start - start % BLOCK + BLOCK, first if start < first else stop)
        block = net.read(text[:, start:end], past.memory)
        if start >= first:
            yield past, block
        past = Past(end, block.memory, block.states[-1][0, -1].clone())
        if pasts and (end % BLOCK == 0 or end == len(tokens)):
            pasts.keep(tokens[:end], past)
