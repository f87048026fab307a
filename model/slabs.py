"""How the work of an attention is cut: heads in groups, queries in chunks, chunks of like reach in slabs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.span import ROUNDING, reach_of, solid_of

GROUP_COST = 64
"""What one more group of heads costs, in columns of a head's band."""
SLAB, SLAB_LEARNING = {"cpu": 300_000, "cuda": 1 << 26}, {"cpu": 300_000, "cuda": 1 << 24}
"""Scores computed at once; where gradients follow, fewer, since there are more numbers to each."""
LONG, LONG_CHUNK, SHORT_CHUNK = 160, 64, 32
"""How many queries are in a chunk of a reach beyond LONG, and of a shorter one."""
ALIKE = 0.8
"""A chunk joins a slab if its reach is at least this share of the slab's."""
ALIGNED = 8
"""Widths are rounded up to whole vectors of so many numbers."""


class Group(NamedTuple):
    """Heads whose keys reach equally far back: `width` tokens, in the nearest `solid` of which every m is 1."""

    heads: tuple[int, ...]
    width: int
    solid: int


def group_heads(
    lengths: Sequence[float], ramp: int, limit: int, margin: float = 0.0
) -> tuple[Group, ...]:
    """Split heads into groups so that the summed width of all bands, and a price a group, is least.

    The groups stay right while no length z (tokens) moves by more than the margin.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    widths = [
        _aligned(reach_of(min(limit, lengths[head] + margin), ramp, limit), limit) for head in order
    ]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(order) + 1):
        best.append(
            min(
                (best[start][0] + (end - start) * widths[end - 1] + GROUP_COST, start)
                for start in range(end)
            )
        )
    groups: list[Group] = []
    end = len(order)
    while end:
        start = best[end][1]
        solid = min(solid_of(lengths[order[start]] - margin), widths[end - 1])
        groups.append(Group(tuple(sorted(order[start:end])), widths[end - 1], solid))
        end = start
    return tuple(groups[::-1])


def _aligned(reach: int, limit: int) -> int:
    return min(limit, math.ceil(reach / ALIGNED) * ALIGNED)


def extend(
    memory: Tensor, new: Tensor, groups: Sequence[Group], keep: int | None = None
) -> tuple[Tensor, Tensor]:
    """The keys (or values) that a block needs, and those to keep for the next.

    new [batch, heads, time, d]. memory [batch, rows, d]: group after group and in it head after head, the last `keep`
    of each, or the last `width` where no other number is given. The first result has the last `width` of each and the
    new ones, [batch, sum of (width + time), d], the second is like memory.
    """
    needed, kept, start, time = [], [], 0, new.shape[2]
    for group in groups:
        count = keep or group.width
        end = start + len(group.heads) * count
        old, start = memory[:, start:end].view(len(memory), -1, count, memory.shape[2]), end
        own = new if len(group.heads) == new.shape[1] else new[:, list(group.heads)]
        needed.append(torch.cat([old[:, :, count - group.width :], own], 2).flatten(1, 2))
        later = torch.cat([old[:, :, time:], own[:, :, max(0, time - count) :]], 2)
        kept.append(later.flatten(1, 2))
    return torch.cat(needed, 1), torch.cat(kept, 1)


class Slab(NamedTuple):
    """Chunks computed together."""

    chunk: int
    """How many queries to each."""
    items: slice | Tensor
    """Which: sequence * chunks + number of the chunk."""
    heads: Tensor
    """[g]."""
    first: int | None
    """Where the first window lies, if each of the others lies a chunk after the one before."""
    rows: Tensor
    """[g * (c + width)]: where their windows lie in the keys of the whole batch, one text after another."""
    width: int
    edge: int
    """How many of the oldest columns some mask touches."""


class _Places(NamedTuple):
    """Where the keys of every head begin, [heads] each: its first row, and the width it has before the first query."""

    start: np.ndarray
    width: np.ndarray
    rows: int
    """Of all heads of one text."""
    time: int

    @classmethod
    def of(cls, groups: Sequence[Group], time: int) -> _Places:
        heads = sum(len(group.heads) for group in groups)
        start, width, rows = np.empty(heads, np.int64), np.empty(heads, np.int64), 0
        for group in groups:
            for head in group.heads:
                start[head], width[head] = rows, group.width
                rows += group.width + time
        return cls(start, width, rows, time)


def chunk_size(time: int, longest: int) -> int:
    """How many queries to a chunk: a power of two, so that sizes divide each other."""
    return min(longest, 1 << (time - 1).bit_length())


def padded_time(time: int) -> int:
    """The time that every size of chunk divides."""
    longest = chunk_size(time, LONG_CHUNK)
    return math.ceil(time / longest) * longest


@lru_cache(maxsize=256)
def even_plan(
    groups: tuple[Group, ...], batch: int, time: int, device: torch.device, learning: bool
) -> list[Slab]:
    """Every chunk at the width of its group."""
    places, slabs = _Places.of(groups, time), list[Slab]()
    heads = len(places.start)
    for group in groups:
        chunk = chunk_size(time, LONG_CHUNK if group.width > LONG else SHORT_CHUNK)
        sequences = (np.arange(batch)[:, None] * heads + list(group.heads)).flatten()
        needed = np.arange(math.ceil(time / chunk))
        items = (sequences[:, None] * (padded_time(time) // chunk) + needed).flatten()
        count = _slab_size(chunk, group.width, device, learning)
        for first in range(0, len(items), count):
            some = items[first : first + count]
            slabs.append(_slab(some, chunk, places, group.width, group.width - group.solid, device))
    return slabs


def ragged_plan(
    z: Tensor, groups: tuple[Group, ...], ramp: int, limit: int, learning: bool
) -> list[Slab]:
    """Every chunk at the reach of its own longest z [batch, heads, time]: slabs of like ones."""
    time, places, device = z.shape[2], _Places.of(groups, z.shape[2]), z.device
    chunk = chunk_size(time, SHORT_CHUNK)
    missing = (0, padded_time(time) - time)
    longest = F.pad(z, missing, value=-math.inf).reshape(-1, chunk).amax(-1)
    shortest = F.pad(z, missing, value=math.inf).reshape(-1, chunk).amin(-1)
    extremes = torch.stack([longest, shortest]).cpu().numpy()
    items = np.flatnonzero(np.isfinite(extremes[0]))
    reaches = np.floor(extremes[0, items] + ROUNDING) + ramp + 1
    widths = np.minimum(limit, np.ceil(reaches / ALIGNED) * ALIGNED).astype(np.int64)
    solids = np.clip(np.floor(extremes[1, items]), 0, widths).astype(np.int64)
    order = np.argsort(-widths, kind="stable")
    items, widths, solids = items[order], widths[order], solids[order]
    slabs, first = [], 0
    while first < len(items):
        width = int(widths[first])
        alike = int(np.searchsorted(-widths, -ALIKE * width, side="right"))
        last = min(first + _slab_size(chunk, width, device, learning), alike)
        edge = width - int(solids[first:last].min())
        slabs.append(_slab(items[first:last], chunk, places, width, edge, device))
        first = last
    return slabs


def _slab_size(chunk: int, width: int, device: torch.device, learning: bool) -> int:
    """How many chunks: as many as fit, and an even number of at least four for the sake of several threads."""
    scores = (SLAB_LEARNING if learning else SLAB)[device.type]
    return max(4, scores // (chunk * (chunk + width)) // 2 * 2)


def _slab(
    items: np.ndarray, chunk: int, places: _Places, width: int, edge: int, device: torch.device
) -> Slab:
    chunks, heads = padded_time(places.time) // chunk, len(places.start)
    sequences, numbers = items // chunks, items % chunks
    text, head = sequences // heads, sequences % heads
    first = text * places.rows + places.start[head] + places.width[head] - width + numbers * chunk
    # the last chunk may be longer than the queries there are, and a slab wider than the keys before the first head of all:
    # what lies beyond the rows is masked, and nobody's key
    last = (text.max() + 1) * places.rows - 1
    rows = (first[:, None] + np.arange(chunk + width)).flatten().clip(0, last)
    consecutive = bool((np.diff(items) == 1).all())
    inside = first[0] >= 0 and first[-1] + chunk + width <= last + 1
    in_a_row = consecutive and sequences[0] == sequences[-1] and inside
    return Slab(
        chunk,
        slice(int(items[0]), int(items[-1]) + 1) if consecutive else _on(items, device),
        _on(head, device),
        int(first[0]) if in_a_row else None,
        _on(rows, device),
        width,
        edge,
    )


def _on(index: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(index).to(device)
