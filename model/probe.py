"""A forward pass that keeps what people look at: bits, likely next tokens, and where every head attends."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from model.attention import band_weights
from model.span import span_of
from model.transformer import Memory, SpanAttention, Transformer

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
    next_token = torch.empty(time, likeliest, dtype=torch.int64)
    next_share = torch.empty(time, likeliest)
    attended = [field for field in FIELDS if field in fields and field != "span"]
    kept: dict[Field, Tensor] = {
        field: torch.empty(time, config.layers, config.heads) for field in attended
    }
    memory: Memory | None = None
    text = tokens[None].to(net.position.device)
    for start in range(0, time, BLOCK):
        block = text[:, start : start + BLOCK]
        states, before, memory = net.hidden_states(block, memory)
        log_share = net.logits(states[-1])[0].float().log_softmax(-1)
        end = start + block.shape[1]
        targets = text[0, start + 1 : end + 1]
        loss = -log_share[: len(targets)].gather(1, targets[:, None])[:, 0]
        bits[start + 1 : start + 1 + len(targets)] = (loss / math.log(2)).cpu()
        likely = log_share.topk(likeliest, dim=-1)
        next_token[start:end] = likely.indices.cpu()
        next_share[start:end] = likely.values.exp().cpu()
        if attended:
            for number, attention in enumerate(net.attentions):
                measured = _measure(attention, states[number], before[number], net.position, start)
                for field in attended:
                    kept[field][start:end, number] = measured[field].cpu()
    if "span" in fields:
        kept["span"] = spans(net).float().expand(time, -1, -1)
    return Reading(bits, next_token, next_share, kept)


def spans(net: Transformer) -> Tensor:
    """The span of every head, int64 [layers, heads], tokens."""
    ramp, limit = net.config.ramp, net.config.span_limit
    return torch.tensor([[span_of(z, ramp, limit) for z in layer] for layer in net.z.tolist()])


def _measure(
    attention: SpanAttention, h: Tensor, memory: Tensor, position: Tensor, start: int
) -> dict[Field, Tensor]:
    """The fields of one layer for a block of one text whose first token is token `start`: [time, heads] each."""
    time, heads = h.shape[1], attention.config.heads
    measured: dict[Field, Tensor] = {
        field: torch.empty(time, heads, device=h.device) for field in FIELDS if field != "span"
    }
    for group in attention.groups:
        query, key, _, columns, mask = attention.operands(h, memory, position, group)
        distance = torch.arange(1, group.width + 1, device=h.device)
        for rows, weights in band_weights(query, key, columns, mask):
            places = torch.arange(start + rows.start, start + rows.stop, device=h.device)
            inside = weights[0].float() * (distance <= places[:, None])  # [heads, rows, width]
            mass = inside.sum(-1)
            share = inside / mass[..., None]
            heads_of_group = list(group.heads)
            measured["outside"][rows, heads_of_group] = (1 - mass).clamp(0, 1).T
            measured["distance"][rows, heads_of_group] = (share * distance).sum(-1).T
            measured["entropy"][rows, heads_of_group] = torch.special.entr(share).sum(
                -1
            ).T / math.log(2)
    return measured
