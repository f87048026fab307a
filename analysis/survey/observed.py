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
from model.slabs import padded_time
from model.span import spans_of
from model.transformer import Pass, Transformer

LARGEST = torch.iinfo(torch.int64).max


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
        # the oldest first, as the weights come; a column is left for the entropy
        distance = torch.arange(self.limit, 0, -1, device=self.device)
        of_bins = F.one_hot(self._bin(distance), self.bins)
        columns = torch.cat([of_bins, distance[:, None], torch.zeros_like(distance)[:, None]], 1)
        self.of_distance = columns.to(torch.promote_types(net.position.dtype, torch.float32))
        self.by_distance = zeros(heads, self.limit)
        self.sums = zeros(heads, len(GROUPS), self.bins + 2)
        self.lengths = zeros(heads, len(GROUPS), self.bins + 2)
        self.tokens = zeros(len(GROUPS))
        self.uses = torch.zeros(heads * self.use_bins, dtype=torch.int64, device=self.device)
        self.least = torch.full((heads * self.use_bins,), LARGEST, device=self.device)
        """The smallest hash of each head and bin of use so far."""
        self.bar = zeros(heads).sub_(1)
        """The use that a token must surpass to be among the best."""
        self.spare = self.of_distance.new_empty(0)
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
        self.rows = padded_time(time)
        self.values = self.of_distance.new_empty(self.layers * self.heads, self.rows, self.bins + 2)
        drawn = hashes(self.digest, np.arange(first, first + self.rows))
        self.hash = torch.from_numpy(drawn).to(self.device)
        self.chosen: list[dict[str, Tensor]] = []

    def _see(self, layer: int, seen: Weights) -> None:
        """The weights of some chunks of queries, the oldest first."""
        weights = at_least_float32(seen.weights)
        _, chunk, width = weights.shape
        head = layer * self.heads + seen.sequence
        number = seen.start // chunk
        row = torch.arange(self.rows, device=self.device).view(-1, chunk)[number]
        if self.first < width or self.time % chunk:
            distance = torch.arange(width, 0, -1, device=self.device)
            inside = (distance <= self.first + row[..., None]) & (row < self.time)[..., None]
            weights = weights * inside
        self.by_distance[:, -width:].index_add_(0, head, weights.sum(1).double())
        found = weights.view(-1, width) @ self.of_distance[-width:]
        mass = found[:, : self.bins].sum(1)
        nats = self._entropy(weights).flatten() + torch.special.xlogy(mass, mass)
        torch.div(nats, math.log(2), out=found[:, -1])
        chunks = self.values.view(-1, chunk * found.shape[1])
        of_head = head * (self.rows // chunk)
        chunks.index_copy_(0, of_head + number, found.view(len(head), -1))
        self._choose(head, row, found[:, self.bins].view(row.shape), weights)

    def _entropy(self, weights: Tensor) -> Tensor:
        """-sum of w log w over the last dimension, nats."""
        if self.spare.numel() < weights.numel():
            self.spare = weights.new_empty(weights.numel())
        logs = self.spare[: weights.numel()].view(weights.shape)
        torch.clamp(weights, min=torch.finfo(weights.dtype).tiny, out=logs)
        return -logs.log_().mul_(weights).sum(-1)

    def _choose(self, head: Tensor, row: Tensor, use: Tensor, weights: Tensor) -> None:
        """Count the uses of some rows [g, c], and keep the rows that may come to be shown."""
        group = head[:, None] * self.use_bins + use_bin(use)
        inside = row < self.time
        use, drawn = use.where(inside, -1), self.hash[row].where(inside, LARGEST)
        self.uses += torch.bincount(group[inside], minlength=len(self.uses))
        self.least.scatter_reduce_(0, group.flatten(), drawn.flatten(), "amin")
        most = (use == use.amax(1, keepdim=True)) & (use > self.bar[head][:, None])
        chunk, own = (((drawn == self.least[group]) | most) & inside).nonzero(as_tuple=True)
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
        of_bins = F.one_hot(self._bin(spans), self.bins)
        lengths = torch.cat([z[..., None], spans[..., None], of_bins], 2).double()
        counts = members.sum(0)
        moving = spans.shape[1] > 1
        self.tokens += counts
        self.lengths += members.T @ lengths if moving else counts[:, None] * lengths
        seen = self.values[:, : self.time]
        self.sums += members.T @ seen.double()
        if self.chosen:
            self._keep(seen, spans)

    def _keep(self, seen: Tensor, spans: Tensor) -> None:
        """The rows chosen in the block, beside those of the blocks before."""
        chosen = {name: torch.cat([some[name] for some in self.chosen]) for name in self.chosen[0]}
        head, row = chosen["head"], chosen["row"]
        of_row = seen[head, row].double()
        mass, use, bits = of_row[:, : self.bins].sum(1), *of_row[:, self.bins :].T
        columns: dict[str, Any] = {
            "head": head,
            "place": self.first + row,
            "hash": self.hash[row],
            "use": use,
            "span": spans.expand(-1, self.time)[head, row],
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

        tokens [groups]; sums [N, groups, bins + 2], the mass on each bin of distances, the use, and the entropy (bits),
        in which a token counts by as much of its attention as is in the text; lengths [N, groups, 2 + bins], z, the span, and
        the tokens whose span is in a bin; by_distance [N, S], the mass from distance 1 on; uses [N, bins of use], tokens;
        best and drawn, candidates.
        """
        return {
            "tokens": self.tokens.cpu().numpy(),
            "sums": self.sums.cpu().numpy(),
            "lengths": self.lengths.cpu().numpy(),
            "by_distance": self.by_distance.flip(1).cpu().numpy(),
            "uses": self.uses.view(-1, self.use_bins).cpu().numpy(),
            "best": self.best,
            "drawn": self.drawn,
        }
