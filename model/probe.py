"""A forward pass that keeps what people look at: bits, likely next tokens, and where every head attends."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from model.attention import Weights, band_weights
from model.pasts import Pasts, walk
from model.span import spans_of
from model.transformer import Operands, Transformer

Field = Literal["span", "distance", "entropy", "outside"]
FIELDS: tuple[Field, ...] = get_args(Field)


@dataclass(frozen=True)
class Reading:
    """What a model made of the last N tokens of a text, read from a memory of zeros.

    bits [N]: of each token given those before it, NaN for the first of the text. next_token, next_share [N, k]: the
    likeliest symbols after each token. fields [N, layers, heads]: `span` in tokens; `distance` (mean, tokens) and
    `entropy` (bits) of the attention that falls inside the text, NaN where none does; `outside`, the share that falls
    before it.
    """

    bits: Tensor
    next_token: Tensor
    next_share: Tensor
    fields: dict[Field, Tensor]

    @property
    def bpc(self) -> float:
        """The mean of the bits that are known, NaN where none is."""
        return self.bits[~self.bits.isnan()].mean().item()


@torch.no_grad()
def read(
    net: Transformer,
    tokens: Tensor,
    fields: Collection[Field] = FIELDS,
    likeliest: int = 5,
    first: int = 0,
    pasts: Pasts | None = None,
) -> Reading:
    """Read int64 [T], at least one token, and report those from `first` on (N = T - first of them).

    What `pasts` know of the beginning is not read again. Raises ValueError for an empty text.
    """
    if not len(tokens):
        raise ValueError("a text of no tokens cannot be read")
    count, config = len(tokens) - first, net.config
    bits = torch.full((count,), math.nan)
    likeliest = min(likeliest, config.symbols)
    next_token = torch.empty(count, likeliest, dtype=torch.int64)
    next_share = torch.empty(count, likeliest)
    kept: dict[Field, Tensor] = {
        field: torch.empty(count, config.layers, config.heads)
        for field in FIELDS
        if field in fields
    }
    attended = [field for field in kept if field != "span"]
    for past, (states, lengths, before, _) in walk(net, tokens, first, pasts=pasts):
        earlier = [] if past.output is None else [past.output[None]]
        log_share = net.logits(torch.cat([*earlier, states[-1][0]])).float().log_softmax(-1)
        time, told = states[-1].shape[1], len(log_share) - 1
        place = slice(past.length - first, past.length - first + time)
        targets = tokens[past.length + time - told : past.length + time].to(log_share.device)
        loss = -log_share[:-1].gather(1, targets[:, None])[:, 0]
        bits[place.stop - told : place.stop] = (loss / math.log(2)).cpu()
        likely = log_share[-time:].topk(likeliest, dim=-1)
        next_token[place] = likely.indices.cpu()
        next_share[place] = likely.values.exp().cpu()
        for number, attention in enumerate(net.attentions):
            if "span" in fields:
                spans = spans_of(lengths[number], config.ramp, config.span_limit)
                kept["span"][place, number] = (spans[0].T if spans.dim() == 3 else spans).cpu()
            if attended:
                remembered = before[number] if before else None
                operands = attention.operands(states[number], remembered, net.position)
                measured = _measure(operands, past.length)
                for field in attended:
                    kept[field][place, number] = measured[field].cpu()
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
