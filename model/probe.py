"""A forward pass that keeps what people look at: bits, likely next tokens, and where every head attends."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from model.attention import Weights, band_weights
from model.span import spans_of
from model.transformer import Memory, Operands, Transformer

Field = Literal["span", "distance", "entropy", "outside"]
FIELDS: tuple[Field, ...] = get_args(Field)
BLOCK = 512  # the reading does not depend on it


@dataclass(frozen=True)
class Reading:
    """What a model made of a text of T tokens, read from a memory of zeros.

    bits [T]: of each token given those before it, NaN for the first. next_token, next_share [T, k]: the likeliest
    symbols after each token. fields [T, layers, heads]: `span` in tokens; `distance` (mean, tokens) and `entropy`
    (bits) of the attention that falls inside the text, NaN where none does; `outside`, the share that falls before it.
    """

    bits: Tensor
    next_token: Tensor
    next_share: Tensor
    fields: dict[Field, Tensor]


@torch.no_grad()
def read(
    net: Transformer, tokens: Tensor, fields: Collection[Field] = FIELDS, likeliest: int = 5
) -> Reading:
    """Read int64 [T], at least one token. Raises ValueError for an empty text."""
    if not len(tokens):
        raise ValueError("a text of no tokens cannot be read")
    time, config = len(tokens), net.config
    bits = torch.full((time,), math.nan)
    likeliest = min(likeliest, config.symbols)
    next_token = torch.empty(time, likeliest, dtype=torch.int64)
    next_share = torch.empty(time, likeliest)
    kept: dict[Field, Tensor] = {
        field: torch.empty(time, config.layers, config.heads) for field in FIELDS if field in fields
    }
    attended = [field for field in kept if field != "span"]
    memory: Memory | None = None
    text = tokens[None].to(net.position.device)
    for start in range(0, time, BLOCK):
        block = text[:, start : start + BLOCK]
        states, lengths, before, memory = net.read(block, memory)
        log_share = net.logits(states[-1])[0].float().log_softmax(-1)
        end = start + block.shape[1]
        targets = text[0, start + 1 : end + 1]
        loss = -log_share[: len(targets)].gather(1, targets[:, None])[:, 0]
        bits[start + 1 : start + 1 + len(targets)] = (loss / math.log(2)).cpu()
        likely = log_share.topk(next_token.shape[1], dim=-1)
        next_token[start:end] = likely.indices.cpu()
        next_share[start:end] = likely.values.exp().cpu()
        for number, attention in enumerate(net.attentions):
            if "span" in fields:
                spans = spans_of(lengths[number], config.ramp, config.span_limit)
                kept["span"][start:end, number] = (spans[0].T if spans.dim() == 3 else spans).cpu()
            if attended:
                remembered = before[number] if before else None
                operands = attention.operands(states[number], remembered, net.position)
                measured = _measure(operands, start)
                for field in attended:
                    kept[field][start:end, number] = measured[field].cpu()
    return Reading(bits, next_token, next_share, kept)


def _measure(operands: Operands, start: int) -> dict[Field, Tensor]:
    """The fields of one layer for a block of one text whose first token is token `start`: [time, heads] each."""
    _, heads, time, _ = operands.query.shape
    # the last chunk of queries may be longer than the block
    measured: dict[Field, Tensor] = {
        field: torch.empty(heads, 2 * time + 64, device=operands.query.device)
        for field in FIELDS
        if field != "span"
    }
    for head, first, weights in inside_weights(operands, start):
        inside = weights.float()
        rows = first[:, None] + torch.arange(weights.shape[1], device=weights.device)
        distance = torch.arange(1, weights.shape[2] + 1, device=weights.device)
        mass = inside.sum(-1)
        share = inside / mass[..., None]
        place = (head[:, None], rows)
        measured["outside"][place] = (1 - mass).clamp(0, 1)
        measured["distance"][place] = (share * distance).sum(-1)
        measured["entropy"][place] = torch.special.entr(share).sum(-1) / math.log(2)
    return {field: values[:, :time].T for field, values in measured.items()}


def inside_weights(operands: Operands, start: int) -> Iterator[Weights]:
    """`band_weights` of a block whose first token is token `start` of each text.

    0 on what lies before the text, and in the rows that the last chunk has beyond the block.
    """
    query, key, _, position, z, ramp, groups = operands
    time = query.shape[2]
    for sequence, first, weights in band_weights(query, key, position, z, ramp, groups):
        _, chunk, width = weights.shape
        kept = at_least_float32(weights)
        if start < width or time % chunk:
            rows = first[:, None, None] + torch.arange(chunk, device=query.device)[:, None]
            distance = torch.arange(1, width + 1, device=query.device)
            kept = kept * ((distance <= start + rows) & (rows < time))
        yield Weights(sequence, first, kept)


def at_least_float32(x: Tensor) -> Tensor:
    """With the digits that sums need, also where a model has fewer."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
