"""Banded attention: the cost of a head follows its span.

Heads of like reach form a group. A group's queries are cut into chunks, and a chunk of c queries touches only
the c + width - 1 keys that its band holds. Column j of a band is distance width - j: the oldest key first, so
that a band is a skewed view of the product of queries and keys, and nothing is shifted or copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

CHUNK = 64
GROUP_COST = 64  # what one more group costs, in columns of a head's band


class Group(NamedTuple):
    """Heads computed together, and the width of their band in tokens."""

    heads: tuple[int, ...]
    width: int


def group_heads(reaches: Sequence[int]) -> list[Group]:
    """Split heads into groups so that the summed width of all bands, and a price a group, is least."""
    order = sorted(range(len(reaches)), key=lambda head: reaches[head])
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(order) + 1):
        width = reaches[order[end - 1]]
        best.append(
            min(
                (best[start][0] + (end - start) * width + GROUP_COST, start) for start in range(end)
            )
        )
    groups: list[Group] = []
    end = len(order)
    while end:
        start = best[end][1]
        groups.append(Group(tuple(sorted(order[start:end])), reaches[order[end - 1]]))
        end = start
    return groups[::-1]


def _band(square: Tensor, width: int) -> Tensor:
    """The band [n, c, width] inside a contiguous [n, c, c + width - 1]: row i starts at column i."""
    n, rows, columns = square.shape
    return square.as_strided((n, rows, width), (rows * columns, columns + 1, 1))


def _spread(band: Tensor) -> Tensor:
    """The inverse of _band, zeros elsewhere."""
    n, rows, width = band.shape
    square = band.new_zeros(n, rows, rows + width - 1)
    _band(square, width).copy_(band)
    return square


def _chunks(time: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, time)) for start in range(0, time, CHUNK))


def _window(rows: slice, width: int) -> slice:
    """The keys that a chunk of queries touches."""
    return slice(rows.start, rows.stop + width - 1)


def _unmasked(query: Tensor, key: Tensor, position: Tensor, mask: Tensor) -> Tensor:
    """exp(score) / Z of one chunk, Z being the sum of m exp(score): [n, c, width].

    The column after a head's last m > 0 counts in the maximum, since z gets a gradient from it; those beyond, which are
    there for the sake of longer heads of the group, are left out, since nothing bounds their scores.
    """
    score = torch.matmul(query, position)
    score += _band(torch.bmm(query, key.transpose(1, 2)), position.shape[1])
    nearer = F.pad(mask[:, :, 1:], (0, 1), value=1.0)  # m of the column that is one token nearer
    score.masked_fill_(nearer == 0, -math.inf)
    score.sub_(score.amax(-1, keepdim=True)).exp_()
    return score.div_(torch.bmm(score, mask.transpose(1, 2)))


class _BandedAttention(torch.autograd.Function):
    """query [n, time, d] (scaled), key and value [n, time + width - 1, d], position [d, width], mask [n, 1, width]."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        position: Tensor,
        mask: Tensor,
        dropout: float,
    ) -> Tensor:
        width = position.shape[1]
        output, unmasked, kept = torch.empty_like(query), [], []
        for rows in _chunks(query.shape[1]):
            keys = _window(rows, width)
            share = _unmasked(query[:, rows], key[:, keys], position, mask)
            weight = share * mask
            if dropout:
                kept.append(torch.empty_like(weight).bernoulli_(1 - dropout).div_(1 - dropout))
                weight *= kept[-1]
            output[:, rows] = torch.bmm(_spread(weight), value[:, keys])
            if any(ctx.needs_input_grad):
                unmasked.append(share)
        ctx.save_for_backward(query, key, value, position, mask, *unmasked, *kept)
        ctx.dropout = dropout
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, position, mask, *stored = ctx.saved_tensors
        width, chunks = position.shape[1], list(_chunks(query.shape[1]))
        d_query, d_key, d_value = (torch.zeros_like(x) for x in (query, key, value))
        d_position, d_mask = torch.zeros_like(position), torch.zeros_like(mask)
        for number, rows in enumerate(chunks):
            keys, share = _window(rows, width), stored[number]
            weight = share * mask
            d_output = gradient[:, rows]
            d_weight = _band(torch.bmm(d_output, value[:, keys].transpose(1, 2)), width)
            if ctx.dropout:
                kept = stored[len(chunks) + number]
                d_weight = d_weight * kept
                d_value[:, keys] += torch.bmm(_spread(weight * kept).transpose(1, 2), d_output)
            else:
                d_value[:, keys] += torch.bmm(_spread(weight).transpose(1, 2), d_output)
            # share * (g.v - g.o): times m it is the gradient of the score, summed over rows that of m
            mean = torch.linalg.vecdot(weight, d_weight).unsqueeze(-1)
            pull = (d_weight - mean).mul_(share)
            d_mask += pull.sum(1, keepdim=True)
            d_score = pull.mul_(mask)
            square = _spread(d_score)
            d_query[:, rows] = torch.baddbmm(
                torch.matmul(d_score, position.T), square, key[:, keys]
            )
            d_key[:, keys] += torch.bmm(square.transpose(1, 2), query[:, rows])
            d_position += query[:, rows].flatten(0, 1).T @ d_score.flatten(0, 1)
        return d_query, d_key, d_value, d_position, d_mask, None


def banded_attention(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, mask: Tensor, dropout: float = 0.0
) -> Tensor:
    """Attention of one group of heads over the distances 1 to width, differentiable in every tensor.

    query [batch, heads, time, d]; key and value [batch, heads, time + width - 1, d], the key of index i lying
    width - i before the first query; position [d, width] and mask [heads, width], column x - 1 for distance x.
    Returns [batch, heads, time, d].
    """
    folded = _fold(query, key, value, position, mask)
    output = _BandedAttention.apply(*folded, dropout)  # type: ignore[no-untyped-call]
    return output.view(query.shape)  # type: ignore[no-any-return]


@torch.no_grad()
def band_weights(
    query: Tensor, key: Tensor, position: Tensor, mask: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """The weights of banded_attention, chunk by chunk: its rows and [batch, heads, rows, width], the nearest first."""
    folded, keys, _, columns, masks = _fold(query, key, key, position, mask)
    for rows in _chunks(query.shape[2]):
        share = _unmasked(folded[:, rows], keys[:, _window(rows, mask.shape[1])], columns, masks)
        weights = (share * masks).flip(-1)
        yield rows, weights.view(*query.shape[:2], *weights.shape[1:])


def _fold(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Batch and heads become one dimension, distances run from the oldest, queries carry 1 / sqrt(d)."""
    scaled = query / math.sqrt(query.shape[-1])
    masks = mask.flip(-1).repeat(query.shape[0], 1).unsqueeze(1)
    return (
        scaled.flatten(0, 1),
        key.flatten(0, 1).contiguous(),
        value.flatten(0, 1).contiguous(),
        position.flip(-1),
        masks,
    )
