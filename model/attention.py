"""Banded attention: the cost of a head follows its span.

Queries are cut into chunks, and a chunk of c queries with a reach of w touches only the c + w keys of its window. Its
scores live in a band [c, w] whose column j is distance w - j, the oldest key first: so the product of queries and keys
holds the band as a skewed view, and one copy of the band into zeros is ready for the product with the values. Chunks of
like reach, of any head and text, are computed together in slabs that fit a cache.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from model.dropout import dropped
from model.slabs import Group, Slab, even_plan, padded_time, ragged_plan
from model.span import ramp_of


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


def _take(x: Tensor, slab: Slab) -> Tensor:
    """The chunks [g, c, ...] of a slab from [sequences, time, ...]."""
    chunks = x.view(-1, slab.chunk, *x.shape[2:])
    return (
        chunks[slab.items] if isinstance(slab.items, slice) else chunks.index_select(0, slab.items)
    )


def _queries(query: Tensor, slab: Slab) -> Tensor:
    """The queries [g, c, d] of a slab, scaled by 1 / sqrt(d)."""
    return _take(query, slab) / math.sqrt(query.shape[-1])


def _put(x: Tensor, slab: Slab, values: Tensor) -> None:
    """The inverse of _take."""
    chunks = x.view(-1, slab.chunk, *x.shape[2:])
    if isinstance(slab.items, slice):
        chunks[slab.items] = values
    else:
        chunks.index_copy_(0, slab.items, values)


def _windows(x: Tensor, slab: Slab) -> Tensor:
    """The keys or values [g, c + width, d] of a slab from [texts, rows, d]; good until others are asked for."""
    count, d = slab.chunk + slab.width, x.shape[-1]
    if slab.first is not None:
        size, strides = (len(slab.heads), count, d), (slab.chunk * d, d, 1)
        return x.as_strided(size, strides, x.storage_offset() + slab.first * d)
    chosen = _scratch("windows", x, len(slab.rows), d)
    torch.index_select(x.flatten(0, 1), 0, slab.rows, out=chosen)
    return chosen.view(-1, count, d)


def _add_windows(target: Tensor, slab: Slab, square: Tensor, chunks: Tensor) -> None:
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


def _edges(z: Tensor, slabs: list[Slab], ramp: int) -> Iterator[Tensor]:
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
        slabs: list[Slab],
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
    slabs: list[Slab],
    ramp: int,
    observe: Observer | None,
) -> Tensor:
    """What _BandedAttention gives without dropout, cheaper."""
    output = torch.zeros_like(query)
    for slab, edge in zip(slabs, _edges(z, slabs, ramp), strict=True):
        q, p = _queries(query, slab), position[:, -slab.width :]
        weight = _weights(q, _windows(key, slab), p, edge)
        if observe:
            observe(_placed(slab, query, weight))
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
    observe: Observer | None = None,
) -> Tensor:
    """Attention of all heads, differentiable in every tensor (DESIGN section 2).

    query [batch, heads, time, d]; position [d, S], column x - 1 for distance x; z in tokens, [heads] or, where it
    follows the token, [batch, heads, time]. key and value [batch, sum of (width + time), d]: group after group and in
    it head after head, the key of index i lying width - i before the first query (`extend` makes such). With z [heads]
    every head is computed at the width of its group, with z of the token every chunk at its own reach, which takes one
    look at z from the host. Widths must be at least the reaches, or S. Returns [batch, heads, time, d], all of it in the
    query's dtype but z: lengths of thousands need more digits than bfloat16 has. Where no gradient is asked for and nothing
    dropped, `observe` is shown the weights.
    """
    position = position.to(query.dtype)
    tensors = (query, key, value, position, z)
    learning = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    folded = _fold(*tensors, ramp, groups, learning)
    with torch.autocast(query.device.type, enabled=False):
        if learning or dropout:
            # PyTorch leaves `apply` and what it gives without types
            output = _BandedAttention.apply(*folded, ramp, dropout)  # type: ignore[no-untyped-call]
        else:
            output = _without_gradients(*folded, ramp, observe)
    return output[:, : query.shape[2]].view(query.shape)  # type: ignore[no-any-return]


class Weights(NamedTuple):
    """The weights of some chunks of queries."""

    sequence: Tensor
    """[g]: batch * heads + head."""
    start: Tensor
    """[g]: the first query of the chunk."""
    weights: Tensor
    """[g, c, width], the nearest first; the last chunk may be longer than the queries there are."""


Observer = Callable[[Weights], None]
"""Is shown the weights of a block slab by slab as they are computed: the oldest first, and good until it returns."""


def _placed(slab: Slab, query: Tensor, weights: Tensor) -> Weights:
    """The weights of a slab, with the queries [sequences, time, d] that they belong to."""
    items, chunks = slab.items, query.shape[1] // slab.chunk
    if isinstance(items, slice):
        items = torch.arange(items.start, items.stop, device=query.device)
    return Weights(items // chunks, items % chunks * slab.chunk, weights)


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
    for slab, edge in zip(slabs, _edges(lengths, slabs, ramp), strict=True):
        k, p = _windows(keys, slab), columns[:, -slab.width :]
        weights = _weights(_queries(queries, slab), k, p, edge)
        yield _placed(slab, queries, weights.flip(-1))


def _fold(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position: Tensor,
    z: Tensor,
    ramp: int,
    groups: tuple[Group, ...],
    learning: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, list[Slab]]:
    """Batch and heads become one dimension, distances run from the oldest."""
    batch, _, time, _ = query.shape
    missing = padded_time(time) - time
    queries = query.flatten(0, 1).contiguous()
    longest = position[:, : max(group.width for group in groups)].flip(-1)
    if z.dim() == 1:
        slabs = even_plan(groups, batch, time, query.device, learning)
        lengths = z
    else:
        with torch.no_grad():
            slabs = ragged_plan(z, groups, ramp, position.shape[1], learning)
        lengths = F.pad(z.flatten(0, 1), (0, missing)).contiguous()
    if missing:
        queries = F.pad(queries, (0, 0, 0, missing))
    return queries, key.contiguous(), value.contiguous(), longest, lengths, slabs
