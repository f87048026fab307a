"""What the heads do in the blocks of a part: sums over tokens, and the places to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from analysis.survey.examples import (
    CANDIDATE,
    KEPT,
    KEYS,
    best,
    drawn,
    hashes,
    use_bin,
    use_bins,
)
from analysis.survey.groupings import GROUPS
from model.attention import Weights
from model.head_use import log_edges
from model.probe import at_least_float32
from model.slabs import LONG_CHUNK
from model.span import spans_of
from model.transformer import Pass, Transformer

LARGEST = torch.iinfo(torch.int64).max
MEASURES = ("use", "entropy", "z", "span")
"""What is summed beside the mass by distance. A token counts in entropy by as much of its attention as is in the text."""


class Observed:
    """Of a part of one source, block after block; `arrays` gives what was found.

    Heads of all layers are numbered in a row, N in all.
    """

    def __init__(self, net: Transformer, source: int, digest: str) -> None:
        config, self.device = net.config, net.position.device
        self.net, self.source, self.digest = net, source, digest
        self.layers, self.heads, self.limit = config.layers, config.heads, config.span_limit
        self.edges = torch.tensor(log_edges(self.limit)[1:-1], device=self.device)
        self.bins, self.use_bins = len(self.edges) + 1, use_bins(self.limit)
        heads = self.layers * self.heads
        zeros = partial(torch.zeros, dtype=torch.float64, device=self.device)
        # the oldest first, as the weights come
        distance = torch.arange(self.limit, 0, -1, device=self.device)
        of_bins = F.one_hot(self._bin(distance), self.bins)
        self.of_distance = at_least_float32(
            torch.cat([of_bins, distance[:, None]], 1).to(net.position.dtype)
        )
        self.by_distance = zeros(heads, self.limit)
        self.sums = zeros(heads, len(GROUPS), self.bins + len(MEASURES))
        self.spans = zeros(heads, len(GROUPS), self.bins)
        self.tokens = zeros(len(GROUPS))
        self.uses = torch.zeros(heads * self.use_bins, dtype=torch.int64, device=self.device)
        self.least = torch.full((heads * self.use_bins,), LARGEST, device=self.device)
        """The smallest hash of each head and bin of use so far."""
        self.bar = torch.zeros(heads, device=self.device).sub_(1)
        """The use that a token must surpass to be among the best."""
        self.best, self.drawn = np.empty(0, CANDIDATE), np.empty(0, CANDIDATE)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The net shows its weights."""
        for layer, attention in enumerate(self.net.attentions):
            attention.observer = partial(self._see, layer)
        try:
            yield
        finally:
            for attention in self.net.attentions:
                attention.observer = None

    def begin(self, first: int, time: int) -> None:
        """A block of so many tokens comes, whose first is token `first` of the source."""
        self.first, self.time = first, time
        # the last chunk of queries may be longer than the block
        rows = time + LONG_CHUNK
        shape = (self.layers * self.heads * rows, self.bins + 2)
        self.values = self.of_distance.new_empty(shape)
        self.hash = torch.from_numpy(hashes(self.digest, np.arange(first, first + rows))).to(
            self.device
        )
        self.chosen: list[dict[str, Tensor]] = []

    def _see(self, layer: int, seen: Weights) -> None:
        """The weights of some chunks of queries, the oldest first."""
        weights, width = at_least_float32(seen.weights), seen.weights.shape[2]
        row = seen.start[:, None] + torch.arange(weights.shape[1], device=self.device)
        if self.first < width:
            distance = torch.arange(width, 0, -1, device=self.device)
            weights = weights * (distance <= self.first + row[..., None])
        head = layer * self.heads + seen.sequence
        self.by_distance[:, -width:].index_add_(0, head, self._within(weights, row).double())
        found = weights.flatten(0, 1) @ self.of_distance[-width:]
        mass = found[:, :-1].sum(-1)
        nats = _entropy(weights).flatten() + torch.special.xlogy(mass, mass)
        place = head[:, None] * (self.time + LONG_CHUNK) + row
        values = torch.cat([found, nats[:, None] / math.log(2)], 1)
        self.values.index_copy_(0, place.flatten(), values)
        self._choose(head, row, found[:, -1].view(row.shape), weights)

    def _within(self, weights: Tensor, row: Tensor) -> Tensor:
        """The sum over the rows of each chunk that are in the block."""
        if self.time % weights.shape[1] == 0:
            return weights.sum(1)
        return (weights * (row < self.time)[..., None]).sum(1)

    def _choose(self, head: Tensor, row: Tensor, use: Tensor, weights: Tensor) -> None:
        """Keep the rows [g, c] that may come to be shown."""
        inside = row < self.time
        use = use.masked_fill(~inside, -1)
        group = head[:, None] * self.use_bins + use_bin(use)
        drawn = self.hash[row].masked_fill(~inside, LARGEST)
        self.least.scatter_reduce_(0, group.flatten(), drawn.flatten(), "amin")
        smallest = drawn == self.least[group]
        most = (use == use.amax(1, keepdim=True)) & (use > self.bar[head][:, None])
        chunk, own = ((smallest | most) & inside).nonzero(as_tuple=True)
        if not len(chunk):
            return
        width = weights.shape[2]
        keys = weights[chunk, own].topk(min(KEYS, width))
        missing = (0, KEYS - keys.values.shape[1])
        distances = (width - keys.indices) * (keys.values > 0)
        self.chosen.append(
            {
                "head": head[chunk],
                "row": row[chunk, own],
                "distances": F.pad(distances, missing),
                "weights": F.pad(keys.values, missing),
            }
        )

    def end(self, block: Pass, members: Tensor) -> None:
        """The block was read; members float64 [time, groups] says which of GROUPS each token is in."""
        z = torch.stack([of_layer.reshape(self.heads, -1) for of_layer in block.z]).flatten(0, 1)
        spans = spans_of(z, self.net.config.ramp, self.limit)
        shape = (self.layers * self.heads, self.time + LONG_CHUNK, -1)
        seen = self.values.view(shape)[:, : self.time].double()
        lengths = torch.stack([z.double(), spans.double()], 2).expand(-1, self.time, -1)
        values = torch.cat([seen, lengths], 2)
        self.sums += members.T @ values
        self.tokens += members.sum(0)
        of_bins = F.one_hot(self._bin(spans), self.bins).double()
        moving = spans.shape[1] > 1
        self.spans += members.T @ of_bins if moving else members.sum(0)[:, None] * of_bins
        use = seen[..., self.bins]
        heads = torch.arange(len(use), device=self.device)[:, None]
        places = heads * self.use_bins + use_bin(use)
        self.uses += torch.bincount(places.flatten(), minlength=len(self.uses))
        self._keep(values)

    def _keep(self, values: Tensor) -> None:
        """The rows chosen in the block, beside those of the blocks before."""
        if not self.chosen:
            return
        chosen = {name: torch.cat([some[name] for some in self.chosen]) for name in self.chosen[0]}
        row = chosen["row"]
        of_row = values[chosen["head"], row]
        mass = of_row[:, : self.bins].sum(1)
        use, bits, _, span = of_row[:, self.bins :].T
        columns: dict[str, Any] = {
            "head": chosen["head"],
            "place": self.first + row,
            "hash": self.hash[row],
            "use": use,
            "span": span,
            "distance": use / mass,
            "entropy": (bits / mass).clamp(min=0),
            "outside": (1 - mass).clamp(min=0),
            "distances": chosen["distances"],
            "weights": chosen["weights"],
        }
        new = np.empty(len(row), CANDIDATE)
        new["source"] = self.source
        for name, column in columns.items():
            new[name] = column.cpu().numpy()
        self.best = best(np.concatenate([self.best, new]))
        self.drawn = drawn(np.concatenate([self.drawn, new]))
        heads, count = np.unique(self.best["head"], return_counts=True)
        last = np.cumsum(count) - 1
        full = torch.from_numpy(heads[count == KEPT]).long().to(self.device)
        lowest = torch.from_numpy(self.best["use"][last[count == KEPT]]).to(self.bar)
        self.bar[full] = lowest

    def _bin(self, distance: Tensor) -> Tensor:
        """The bin of each distance, int64."""
        return torch.bucketize(distance, self.edges, right=True)

    def arrays(self) -> dict[str, Any]:
        """Sums over the part's tokens, and candidates: what a part's file holds.

        tokens [groups]; sums [N, groups, bins + measures], the mass on each bin of distances and then MEASURES;
        spans [N, groups, bins], tokens whose span is in a bin; by_distance [N, S], the mass from distance 1 on; uses
        [N, bins of use], tokens; best and drawn, candidates.
        """
        return {
            "tokens": self.tokens.cpu().numpy(),
            "sums": self.sums.cpu().numpy(),
            "spans": self.spans.cpu().numpy(),
            "by_distance": self.by_distance.flip(1).cpu().numpy(),
            "uses": self.uses.view(-1, self.use_bins).cpu().numpy(),
            "best": self.best,
            "drawn": self.drawn,
        }


def _entropy(weights: Tensor) -> Tensor:
    """-sum of w log w over the last dimension, nats."""
    tiny = torch.finfo(weights.dtype).tiny
    return -weights.clamp(min=tiny).log_().mul_(weights).sum(-1)
