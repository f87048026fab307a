"""A corpus in parts that can be read in any order, anywhere, with the same result."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from analysis.survey.examples import SPACING
from analysis.survey.groupings import LOOK_AHEAD, LOOK_BACK, memberships
from analysis.survey.observed import Observed
from analysis.survey.sources import Source
from model.config import alphabet_of
from model.transformer import Memory, Transformer

PART = 131_072
LEADS = 8
"""A part has at least so many times the tokens that are read before it."""
BLOCK = {"cpu": 1024, "cuda": 8192}
"""Tokens read at once; what is found does not depend on it."""


class Part(NamedTuple):
    """Tokens [first, stop) of a source."""

    source: int
    first: int
    stop: int


def lead_of(net: Transformer) -> int:
    """How many tokens before one decide what the heads do at it: the sum over layers of the longest span."""
    return sum(attention.reach() for attention in net.attentions)


def part_size(net: Transformer) -> int:
    """How many tokens to a part, a whole multiple of SPACING."""
    return max(PART, -(-LEADS * lead_of(net) // SPACING) * SPACING)


def cut(sources: Sequence[Source], size: int) -> list[Part]:
    """All tokens of the sources, in order."""
    return [
        Part(number, first, min(first + size, source.tokens))
        for number, source in enumerate(sources)
        for first in range(0, source.tokens, size)
    ]


class Reader:
    """Reads parts with a model."""

    def __init__(self, net: Transformer, sources: Sequence[Source]) -> None:
        self.net, self.sources, self.lead = net, sources, lead_of(net)
        self.alphabet = alphabet_of(net.config)
        self.block = BLOCK["cpu" if net.position.device.type == "cpu" else "cuda"]

    @torch.no_grad()
    def read(self, part: Part, tell: Callable[[int], object] = lambda tokens: None) -> bytes:
        """A part's file: what `Observed.arrays` gives and `seconds`, as npz. `tell` hears of every so many tokens that are counted.

        Raises SurveyError where the source cannot be read.
        """
        started = time.perf_counter()
        source, device = self.sources[part.source], self.net.position.device
        start = max(0, part.first - self.lead)
        tokens = torch.from_numpy(source.read(start, part.stop).astype(np.int64)).to(device)
        members = self._members(part)
        observed = Observed(self.net, part.source, source.digest)
        memory: Memory | None = None
        for first, stop in self._blocks(start, part.first):
            _, memory = self.net(tokens[None, first - start : stop - start], memory)
        with observed.watching():
            for first, stop in self._blocks(part.first, part.stop):
                observed.begin(first, stop - first)
                block = self.net.read(tokens[None, first - start : stop - start], memory)
                memory = block.memory
                own = members[first - part.first : stop - part.first]
                observed.end(block, torch.from_numpy(own).to(device, torch.float64))
                tell(stop - first)
        file = io.BytesIO()
        np.savez_compressed(
            file, allow_pickle=False, seconds=time.perf_counter() - started, **observed.arrays()
        )
        return file.getvalue()

    def _blocks(self, first: int, stop: int) -> list[tuple[int, int]]:
        return list(pairwise([*range(first, stop, self.block), stop]))

    def _members(self, part: Part) -> np.ndarray:
        """Which of GROUPS each token is in, [tokens, groups]."""
        first = max(0, part.first - LOOK_BACK)
        around = self.sources[part.source].read(first, part.stop + LOOK_AHEAD)
        return memberships(self.alphabet, around, part.first - first, part.stop - part.first)
