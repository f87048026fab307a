"""Banded attention: the cost of a head follows its span.

Queries are cut into chunks, and a chunk of c queries with a reach of w touches only the c + w keys of its window. Its
scores live in a band [c, w] whose column j is distance w - j, the oldest key first: so the product of queries and keys
holds the band as a skewed view, and one copy of the band into zeros is ready for the product with the values. Chunks of
like reach, of any head and text, are computed together in slabs that fit a cache.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from model.dropout import dropped
from model.span import ROUNDING, ramp_of, reach_of, solid_of

GROUP_COST = 64
"""What one more group of heads costs, in columns of a head's band."""
SLAB, SLAB_LEARNING = {"cpu": 300_000, "cuda": 1 << 26}, {"cpu": 48_000, "cuda": 1 << 24}
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


class _Slab(NamedTuple):
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


def _padded(time: int) -> int:
    """The time that every size of chunk divides."""
    longest = chunk_size(time, LONG_CHUNK)
    return math.ceil(time / longest) * longest


@lru_cache(maxsize=256)
def _even_plan(
    groups: tuple[Group, ...], batch: int, time: int, device: torch.device, learning: bool
) -> list[_Slab]:
    """Every chunk at the width of its group."""
    places, slabs = _Places.of(groups, time), list[_Slab]()
    heads = len(places.start)
    for group in groups:
        chunk = chunk_size(time, LONG_CHUNK if group.width > LONG else SHORT_CHUNK)
        sequences = (np.arange(batch)[:, None] * heads + list(group.heads)).flatten()
        needed = np.arange(math.ceil(time / chunk))
        items = (sequences[:, None] * (_padded(time) // chunk) + needed).flatten()
        count = _slab_size(chunk, group.width, device, learning)
        for first in range(0, len(items), count):
            some = items[first : first + count]
            slabs.append(_slab(some, chunk, places, group.width, group.width - group.solid, device))
    return slabs


def _ragged_plan(
    z: Tensor, groups: tuple[Group, ...], ramp: int, limit: int, learning: bool
) -> list[_Slab]:
    """Every chunk at the reach of its own longest z [batch, heads, time]: slabs of like ones."""
    time, places, device = z.shape[2], _Places.of(groups, z.shape[2]), z.device
    chunk = chunk_size(time, SHORT_CHUNK)
    missing = (0, _padded(time) - time)
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
) -> _Slab:
    chunks, heads = _padded(places.time) // chunk, len(places.start)
    sequences, numbers = items // chunks, items % chunks
    text, head = sequences // heads, sequences % heads
    first = text * places.rows + places.start[head] + places.width[head] - width + numbers * chunk
    # the last chunk may be longer than the queries there are: what lies beyond the last row is nobody's key
    last = (text.max() + 1) * places.rows - 1
    rows = np.minimum((first[:, None] + np.arange(chunk + width)).flatten(), last)
    consecutive = bool((np.diff(items) == 1).all())
    in_a_row = (
        consecutive and sequences[0] == sequences[-1] and first[-1] + chunk + width <= last + 1
    )
    return _Slab(
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


class _Scratch(threading.local):
    """Memory that slab after slab uses again: on a CPU fresh pages cost more than the arithmetic done in them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, torch.dtype], Tensor] = {}
        self.square: object = None

    def __call__(self, name: str, like: Tensor, *shape: int) -> Tensor:
        """An uninitialised tensor, good until the same name is asked for again."""
        if like.device.type != "cpu":
            return like.new_empty(shape)
        size, key = math.prod(shape), (name, like.dtype)
        if key not in self.kept or self.kept[key].numel() < size:
            self.kept[key] = torch.empty(size, dtype=like.dtype)
        return self.kept[key][:size].view(shape)

    def zeros(self, like: Tensor, *shape: int) -> Tensor:
        """A square that is zero off its band, which whoever asks fills."""
        square = self("square", like, *shape)
        if self.square != (key := (square.data_ptr(), like.dtype, shape)) or not square.is_cpu:
            square.zero_()
            self.square = key
        return square


_scratch = _Scratch()


def _take(x: Tensor, slab: _Slab) -> Tensor:
    """The chunks [g, c, ...] of a slab from [sequences, time, ...]."""
    chunks = x.view(-1, slab.chunk, *x.shape[2:])
    return (
        chunks[slab.items] if isinstance(slab.items, slice) else chunks.index_select(0, slab.items)
    )


def _queries(query: Tensor, slab: _Slab) -> Tensor:
    """The queries [g, c, d] of a slab, scaled by 1 / sqrt(d)."""
    return _take(query, slab) / math.sqrt(query.shape[-1])


def _put(x: Tensor, slab: _Slab, values: Tensor) -> None:
    """The inverse of _take."""
    chunks = x.view(-1, slab.chunk, *x.shape[2:])
    if isinstance(slab.items, slice):
        chunks[slab.items] = values
    else:
        chunks.index_copy_(0, slab.items, values)


def _windows(x: Tensor, slab: _Slab) -> Tensor:
    """The keys or values [g, c + width, d] of a slab from [texts, rows, d]; good until others are asked for."""
    count, d = slab.chunk + slab.width, x.shape[-1]
    if slab.first is not None:
        size, strides = (len(slab.heads), count, d), (slab.chunk * d, d, 1)
        return x.as_strided(size, strides, x.storage_offset() + slab.first * d)
    chosen = _scratch("windows", x, len(slab.rows), d)
    torch.index_select(x.flatten(0, 1), 0, slab.rows, out=chosen)
    return chosen.view(-1, count, d)


def _add_windows(target: Tensor, slab: _Slab, square: Tensor, chunks: Tensor) -> None:
    """Add square^T chunks [g, c + width, d] to the keys or values whose windows they are; windows overlap."""
    rows = target.flatten(0, 1)
    windows = _scratch("windows", chunks, len(square), square.shape[2], chunks.shape[2])
    torch.bmm(square.transpose(1, 2), chunks, out=windows)
    if slab.first is None:
        rows.index_add_(0, slab.rows, windows.flatten(0, 1))
        return
    for number, window in enumerate(windows):
        start = slab.first + number * slab.chunk
        rows[start : start + len(window)] += window


def _band(square: Tensor) -> Tensor:
    """The band [g, c, width] inside a contiguous [g, c, c + width]: row i starts at column i."""
    g, rows, columns = square.shape
    return square.as_strided((g, rows, columns - rows), (rows * columns, columns + 1, 1))


def _spread(band: Tensor) -> Tensor:
    """The inverse of _band, zeros elsewhere; good until the next one is asked for."""
    g, rows, width = band.shape
    square = _scratch.zeros(band, g, rows, rows + width)
    _band(square).copy_(band)
    return square


def _edges(z: Tensor, slabs: list[_Slab], ramp: int) -> Iterator[Tensor]:
    """The unclamped mask on the edge of every slab, [g, c or 1, edge], for z [sequences, time] or [heads]."""
    longest = max(slab.width for slab in slabs)
    distance = torch.arange(longest, 0, -1, device=z.device)
    of_heads = ramp_of(z[:, None], distance, ramp) if z.dim() == 1 else None
    for slab in slabs:
        columns = slice(longest - slab.width, longest - slab.width + slab.edge)
        if of_heads is None:
            yield ramp_of(_take(z, slab)[..., None], distance[columns], ramp)
        else:
            yield of_heads[:, columns].index_select(0, slab.heads)[:, None]


def _products(a: Tensor, b: Tensor) -> Tensor:
    """[g, c, d] times every row of [g, c + width, d]: the band [g, c, width] of the result."""
    square = _scratch("product", a, *a.shape[:2], b.shape[1])
    return _band(torch.bmm(a, b.transpose(1, 2), out=square))


def _scores(query: Tensor, key: Tensor, position: Tensor, out: Tensor) -> Tensor:
    """q . (k + p) of queries [g, c, d] and keys [g, c + width, d]: a band [g, c, width]."""
    torch.mm(query.flatten(0, 1), position, out=out.flatten(0, 1))
    return out.add_(_products(query, key))


def _weights(query: Tensor, key: Tensor, position: Tensor, ramp: Tensor) -> Tensor:
    """m e^score / sum of m e^score, [g, c, width], for when no gradient is asked for."""
    out = _scratch("score", query, *query.shape[:2], position.shape[1])
    score = _scores(query, key, position, out)
    score[..., : ramp.shape[-1]] += ramp.clamp(0, 1).log().to(score.dtype)
    return torch.softmax(score, -1, out=score)


def _exponentials(
    query: Tensor, key: Tensor, position: Tensor, ramp: Tensor
) -> tuple[Tensor, Tensor]:
    """e^score [g, c, width], scaled so that a row sums to 1, and the sum of m e^score [g, c, 1].

    The column after a head's last m > 0 takes part in the scaling, since z gets a gradient from it; those beyond, which
    are there for the sake of longer reaches, are 0.
    """
    edge = ramp.shape[-1]
    score = _scores(query, key, position, query.new_empty(*query.shape[:2], position.shape[1]))
    score[..., :edge].masked_fill_(ramp < 0, -math.inf)
    exponential = torch.softmax(score, -1, out=score)
    total = exponential[..., edge:].sum(-1, keepdim=True)
    total += (exponential[..., :edge] * ramp.clamp(0, 1).to(score.dtype)).sum(-1, keepdim=True)
    return exponential, total


def _masked(exponential: Tensor, ramp: Tensor) -> Tensor:
    """m e^score, spread for a product with keys or values: [g, c, c + width]."""
    square = _spread(exponential)
    _band(square)[..., : ramp.shape[-1]] *= ramp.clamp(0, 1).to(square.dtype)
    return square


class _BandedAttention(torch.autograd.Function):
    """query [sequences, time, d], key and value [texts, rows, d], position [d, width] from the oldest,
    z [sequences, time] or [heads]; time is a multiple of every slab's chunk.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        position: Tensor,
        z: Tensor,
        slabs: list[_Slab],
        ramp: int,
        dropout: float,
    ) -> Tensor:
        output, totals = torch.zeros_like(query), query.new_ones(*query.shape[:2], 1)
        exponentials, drops = [], []
        for slab, edge in zip(slabs, _edges(z, slabs, ramp), strict=True):
            q, p = _queries(query, slab), position[:, -slab.width :]
            exponential, total = _exponentials(q, _windows(key, slab), p, edge)
            weight = _masked(exponential, edge)
            if dropout:
                drops.append(dropped(exponential, dropout))
                _band(weight).masked_fill_(drops[-1], 0)
                total *= 1 - dropout
            _put(output, slab, torch.bmm(weight, _windows(value, slab)).div_(total))
            _put(totals, slab, total)
            exponentials.append(exponential)
        ctx.save_for_backward(query, key, value, position, z, output, totals, *exponentials, *drops)
        ctx.slabs, ctx.ramp, ctx.dropout = slabs, ramp, dropout
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """With dO divided by the sum of m e^score, dropout's scale in it:

        dV = (m e)^T dO, d score = m e (dO V^T - dO . O), and dz = 1/R sum over the ramp of e (dO V^T - dO . O).
        """
        query, key, value, position, z, output, totals, *stored = ctx.saved_tensors
        slabs, dropout = ctx.slabs, ctx.dropout
        d_query, d_key, d_value, d_position, d_z = (
            x.new_zeros(x.shape) for x in (query, key, value, position, z)
        )
        gradient = gradient.contiguous()
        for number, (slab, edge) in enumerate(zip(slabs, _edges(z, slabs, ctx.ramp), strict=True)):
            q, p, exponential = _queries(query, slab), position[:, -slab.width :], stored[number]
            d_out = _take(gradient, slab) / _take(totals, slab)
            mean = torch.linalg.vecdot(d_out, _take(output, slab)).unsqueeze(-1)
            weight = _masked(exponential, edge)
            d_score = _products(d_out, _windows(value, slab))
            if dropout:
                drop = stored[len(slabs) + number]
                _band(weight).masked_fill_(drop, 0)
                d_score.masked_fill_(drop, 0)
                mean *= 1 - dropout
            _add_windows(d_value, slab, weight, d_out)
            d_score = torch.sub(d_score, mean, out=_scratch("score", weight, *exponential.shape))
            d_score.mul_(exponential)
            on_edge = d_score[..., : slab.edge]
            pull = (on_edge * ((edge >= 0) & (edge <= 1))).sum(-1).div_(ctx.ramp).to(z.dtype)
            if z.dim() == 2:
                _put(d_z, slab, pull)
            else:
                d_z.index_add_(0, slab.heads, pull.sum(1))
            on_edge *= edge.clamp(0, 1).to(d_score.dtype)
            square = _spread(d_score)
            d_q = torch.bmm(square, _windows(key, slab))
            d_q.flatten(0, 1).addmm_(d_score.flatten(0, 1), p.T)
            _put(d_query, slab, d_q.div_(math.sqrt(query.shape[-1])))
            _add_windows(d_key, slab, square, q)
            d_position[:, -slab.width :].addmm_(q.flatten(0, 1).T, d_score.flatten(0, 1))
        return d_query, d_key, d_value, d_position, d_z, None, None, None


def _without_gradients(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position: Tensor,
    z: Tensor,
    slabs: list[_Slab],
    ramp: int,
) -> Tensor:
    """What _BandedAttention gives without dropout, cheaper."""
    output = torch.zeros_like(query)
    for slab, edge in zip(slabs, _edges(z, slabs, ramp), strict=True):
        q, p = _queries(query, slab), position[:, -slab.width :]
        weight = _weights(q, _windows(key, slab), p, edge)
        mixed = _scratch("mixed", q, *q.shape)
        _put(output, slab, torch.bmm(_spread(weight), _windows(value, slab), out=mixed))
    return output


def banded_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position: Tensor,
    z: Tensor,
    ramp: int,
    groups: tuple[Group, ...],
    dropout: float = 0.0,
) -> Tensor:
    """Attention of all heads, differentiable in every tensor (DESIGN section 2).

    query [batch, heads, time, d]; position [d, S], column x - 1 for distance x; z in tokens, [heads] or, where it
    follows the token, [batch, heads, time]. key and value [batch, sum of (width + time), d]: group after group and in
    it head after head, the key of index i lying width - i before the first query (`extend` makes such). With z [heads]
    every head is computed at the width of its group, with z of the token every chunk at its own reach, which takes one
    look at z from the host. Widths must be at least the reaches, or S. Returns [batch, heads, time, d].
    """
    tensors = (query, key, value, position, z)
    learning = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    folded = _fold(*tensors, ramp, groups, learning)
    if learning or dropout:
        output = _BandedAttention.apply(*folded, ramp, dropout)  # type: ignore[no-untyped-call]
    else:
        output = _without_gradients(*folded, ramp)
    return output[:, : query.shape[2]].view(query.shape)  # type: ignore[no-any-return]


class Weights(NamedTuple):
    """The weights of some chunks of queries."""

    sequence: Tensor
    """[g]: batch * heads + head."""
    start: Tensor
    """[g]: the first query of the chunk."""
    weights: Tensor
    """[g, c, width], the nearest first; the last chunk may be longer than the queries there are."""


@torch.no_grad()
def band_weights(
    query: Tensor,
    key: Tensor,
    position: Tensor,
    z: Tensor,
    ramp: int,
    groups: tuple[Group, ...],
) -> Iterator[Weights]:
    """The weights of banded_attention, slab by slab."""
    queries, keys, _, columns, lengths, slabs = _fold(
        query, key, key, position, z, ramp, groups, False
    )
    places = torch.arange(queries[..., 0].numel(), device=query.device).view(queries.shape[:2])
    for slab, edge in zip(slabs, _edges(lengths, slabs, ramp), strict=True):
        k, p = _windows(keys, slab), columns[:, -slab.width :]
        weights = _weights(_queries(queries, slab), k, p, edge)
        first = _take(places, slab)[:, 0]
        yield Weights(first // places.shape[1], first % places.shape[1], weights.flip(-1))


def _fold(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position: Tensor,
    z: Tensor,
    ramp: int,
    groups: tuple[Group, ...],
    learning: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, list[_Slab]]:
    """Batch and heads become one dimension, distances run from the oldest."""
    batch, _, time, _ = query.shape
    missing = _padded(time) - time
    queries = query.flatten(0, 1).contiguous()
    longest = position[:, : max(group.width for group in groups)].flip(-1)
    if z.dim() == 1:
        slabs = _even_plan(groups, batch, time, query.device, learning)
        lengths = z
    else:
        with torch.no_grad():
            slabs = _ragged_plan(z, groups, ramp, position.shape[1], learning)
        lengths = F.pad(z.flatten(0, 1), (0, missing)).contiguous()
    if missing:
        queries = F.pad(queries, (0, 0, 0, missing))
    return queries, key.contiguous(), value.contiguous(), longest, lengths, slabs
