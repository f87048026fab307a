"""What single heads attend to: bands of weights, never T x T, as they are or as a picture needs them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from model.attention import band_weights
from model.pasts import Pasts, walk
from model.slabs import Group
from model.span import span_of
from model.transformer import Operands, Transformer

FLOOR = 1e-4
"""The smallest weight that a picture shows."""
STEPS = 254
"""How many steps of equal ratio a picture has from the floor to 1."""


class Band(NamedTuple):
    """What some rows of one head attend to."""

    weights: Tensor
    """[rows, width]: column j is distance j + 1, up to the longest span of these rows; a row sums to 1. As a picture,
    pooled: codes, uint8."""
    outside: Tensor
    """[rows]: the share that falls before the text."""
    width: int
    """The longest span of these rows, tokens."""


class TooManyWeights(ValueError):
    """The bands asked for hold more numbers than were allowed."""

    def __init__(self, numbers: int) -> None:
        super().__init__(f"the bands come to {numbers:,} numbers")
        self.numbers = numbers


@torch.no_grad()
def read_bands(
    net: Transformer,
    tokens: Tensor,
    heads: Sequence[tuple[int, int]],
    first: int,
    stop: int,
    pool: tuple[int, int] | None = None,
    most: float = math.inf,
    pasts: Pasts | None = None,
) -> list[Band]:
    """The bands of some heads (layer, head) over tokens [first, stop) of int64 [T].

    With `pool`, pictures: the codes (`codes`) of the largest weight of each so many rows by so many distances. What
    `pasts` know is not read again. Raises TooManyWeights as soon as the answer is known to hold more than `most`.
    """
    config = net.config
    parts: dict[tuple[int, int], list[Tensor]] = defaultdict(list)
    outside: dict[tuple[int, int], list[Tensor]] = defaultdict(list)
    widths = dict.fromkeys(heads, 0)
    of_rows, of_distances = pool or (1, 1)
    rows = math.ceil((stop - first) / of_rows)

    def widen(lengths: Sequence[Tensor]) -> None:
        """Take note of how far some tokens reach, z in every layer: [heads] or [1, heads, time]."""
        for layer, head in heads:
            z = lengths[layer][head] if lengths[layer].dim() == 1 else lengths[layer][0, head].max()
            span = span_of(z.item(), config.ramp, config.span_limit)
            widths[layer, head] = max(widths[layer, head], span)
        numbers = sum(rows * math.ceil(width / of_distances) for width in widths.values())
        if numbers > most:
            raise TooManyWeights(numbers)

    if config.variant != "dynamic":
        widen([attention.span(net.position) for attention in net.attentions])
    for past, (states, lengths, before, _) in walk(net, tokens, first, stop, pasts):
        widen(lengths)
        for layer, attention in enumerate(net.attentions):
            chosen = [own for number, own in heads if number == layer]
            if not chosen:
                continue
            operands = attention.operands(
                states[layer], before[layer] if before else None, net.position
            )
            for own, weights in zip(chosen, _weights(operands, chosen), strict=True):
                head = (layer, own)
                weights = weights[:, : widths[head]]
                outside[head].append(_outside(weights, past.length).cpu())
                parts[head].append(
                    (codes(_pooled(weights, 1, of_distances)) if pool else weights).cpu()
                )
    bands = []
    for head in heads:
        width = max(part.shape[1] for part in parts[head])
        band = torch.cat([F.pad(part, (0, width - part.shape[1])) for part in parts[head]])
        weights = _pooled(band, 0, of_rows) if pool else band
        bands.append(Band(weights, torch.cat(outside[head]), widths[head]))
    return bands


def codes(weights: Tensor) -> Tensor:
    """Weights on a log scale, uint8: 0 below the floor, else 1 + STEPS (1 - log(weight) / log(floor)), rounded."""
    steps = STEPS * (1 - weights.log() / math.log(FLOOR))
    return torch.where(weights < FLOOR, 0, 1 + steps.round()).clamp(0, 1 + STEPS).to(torch.uint8)


def weights_of(picture: Tensor) -> Tensor:
    """The inverse of `codes`, to within 1.9%: floor^((255 - code) / 254), and 0 for 0."""
    return torch.where(picture == 0, 0.0, FLOOR ** ((1 + STEPS - picture.double()) / STEPS))


def _pooled(values: Tensor, dim: int, pool: int) -> Tensor:
    """The largest of each `pool` neighbours along a dimension of [rows, width]; the last may be fewer."""
    missing = -values.shape[dim] % pool
    padded = F.pad(values, (0, missing) if dim == 1 else (0, 0, 0, missing))
    shape = (len(values), -1, pool) if dim == 1 else (-1, pool, values.shape[1])
    return padded.reshape(shape).amax(dim + 1)


def _outside(weights: Tensor, start: int) -> Tensor:
    """The share [rows] that falls before the text, whose token `start` is the first row."""
    rows = torch.arange(start, start + len(weights), device=weights.device)
    distance = torch.arange(1, weights.shape[1] + 1, device=weights.device)
    return torch.where(distance > rows[:, None], weights, 0).sum(-1)


def _weights(operands: Operands, heads: Sequence[int]) -> list[Tensor]:
    """The weights [time, width of its group] of some heads of one text; nothing is computed for the others."""
    time = operands.query.shape[2]
    query, key, _, position, z, ramp, groups = _of_heads(operands, heads)
    width = {own: group.width for group in groups for own in group.heads}
    exact = torch.promote_types(query.dtype, torch.float32)
    bands = [query.new_zeros(time, width[own], dtype=exact) for own in range(len(heads))]
    for sequence, start, weights in band_weights(query, key, position, z, ramp, groups):
        for own, row, chunk in zip(sequence.tolist(), start.tolist(), weights, strict=True):
            bands[own][row : row + len(chunk), : chunk.shape[1]] = chunk[: time - row]
    return bands


def _of_heads(operands: Operands, heads: Sequence[int]) -> Operands:
    """What banded_attention takes for some heads of a layer, in the order given."""
    time, chosen = operands.query.shape[2], list(heads)
    rows, groups, start = list[Tensor](), list[Group](), 0
    for group in operands.groups:
        count = group.width + time
        mine = [own for own in group.heads if own in chosen]
        for own in mine:
            began = start + group.heads.index(own) * count
            rows.append(torch.arange(began, began + count, device=operands.key.device))
        if mine:
            groups.append(group._replace(heads=tuple(chosen.index(own) for own in mine)))
        start += len(group.heads) * count
    some = torch.cat(rows)
    z = operands.z[:, chosen] if operands.z.dim() == 3 else operands.z[chosen]
    return operands._replace(
        query=operands.query[:, chosen],
        key=operands.key[:, some],
        value=operands.value[:, :0],
        z=z,
        groups=tuple(groups),
    )
