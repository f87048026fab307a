"""A forward pass that keeps what people look at: bits, likely next tokens, and where every head attends."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from model.attention import Weights, band_weights
from model.config import ModelConfig
from model.pasts import Pasts, walk
from model.span import spans_of
from model.transformer import Operands, Pass, Transformer

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
    reading = _blank(net.config, len(tokens) - first, fields, likeliest)
    for past, block in walk(net, tokens, first, pasts=pasts):
        outputs = block.states[-1][0]
        start, stop = past.length - first, past.length - first + len(outputs)
        if past.output is not None:
            outputs = torch.cat([past.output[None], outputs])
        _foretell(net, outputs, tokens[: past.length + stop - start], reading, slice(start, stop))
        for field, values in _fields(net, block, past.length, fields).items():
            reading.fields[field][start:stop] = values[0].cpu()
    return reading


@torch.no_grad()
def read_together(
    net: Transformer,
    texts: Sequence[Tensor],
    fields: Collection[Field] = FIELDS,
    likeliest: int = 5,
) -> list[Reading]:
    """`read` of each of some texts, int64 [T] of at least one token, in one pass for all.

    The shorter ones are filled up at their ends, where no token of theirs looks: it pays for short texts of like length
    (docs/benchmarks.md).
    """
    device = net.position.device
    block = net.read(pad_sequence(list(texts), batch_first=True).to(device))
    measured = _fields(net, block, 0, fields)
    readings = list[Reading]()
    for number, tokens in enumerate(texts):
        count = len(tokens)
        reading = _blank(net.config, count, fields, likeliest)
        _foretell(net, block.states[-1][number, :count], tokens, reading, slice(0, count))
        for field, values in measured.items():
            reading.fields[field].copy_(values[number, :count])
        readings.append(reading)
    return readings


def _blank(config: ModelConfig, count: int, fields: Collection[Field], likeliest: int) -> Reading:
    """A reading of so many tokens, to be filled in."""
    likeliest = min(likeliest, config.symbols)
    return Reading(
        torch.full((count,), math.nan),
        torch.empty(count, likeliest, dtype=torch.int64),
        torch.empty(count, likeliest),
        {
            field: torch.empty(count, config.layers, config.heads)
            for field in FIELDS
            if field in fields
        },
    )


def _foretell(
    net: Transformer, outputs: Tensor, tokens: Tensor, reading: Reading, place: slice
) -> None:
    """Fill in bits and likely tokens at a place, from the outputs there, and that before where there is one.

    tokens [T] end where the place does.
    """
    log_share = net.logits(outputs).float().log_softmax(-1)
    told = len(outputs) - 1
    targets = tokens[len(tokens) - told :].to(log_share.device)
    loss = -log_share[:-1].gather(1, targets[:, None])[:, 0]
    reading.bits[place.stop - told : place.stop] = (loss / math.log(2)).cpu()
    likely = log_share[place.start - place.stop :].topk(reading.next_token.shape[1], dim=-1)
    reading.next_token[place] = likely.indices.cpu()
    reading.next_share[place] = likely.values.exp().cpu()


def _fields(
    net: Transformer, block: Pass, start: int, fields: Collection[Field]
) -> dict[Field, Tensor]:
    """The fields of a block whose first token is token `start` of each text: [batch, time, layers, heads]."""
    config = net.config
    of_layers: dict[Field, list[Tensor]] = {field: [] for field in FIELDS if field in fields}
    attended = [field for field in of_layers if field != "span"]
    batch, time, _ = block.states[-1].shape
    for number, attention in enumerate(net.attentions):
        if "span" in fields:
            spans = spans_of(block.z[number], config.ramp, config.span_limit)
            of_tokens = spans.transpose(1, 2) if spans.dim() == 3 else spans
            of_layers["span"].append(of_tokens.expand(batch, time, -1))
        if attended:
            remembered = block.before[number] if block.before else None
            operands = attention.operands(block.states[number], remembered, net.position)
            measured = _measure(operands, start)
            for field in attended:
                of_layers[field].append(measured[field])
    return {field: torch.stack(layers, 2) for field, layers in of_layers.items()}


def _measure(operands: Operands, start: int) -> dict[Field, Tensor]:
    """The fields of one layer for a block whose first token is token `start` of each text: [batch, time, heads]."""
    batch, heads, time, _ = operands.query.shape
    # the last chunk of queries may be longer than the block
    measured: dict[Field, Tensor] = {
        field: torch.empty(batch * heads, 2 * time + 64, device=operands.query.device)
        for field in FIELDS
        if field != "span"
    }
    for sequence, first, weights in inside_weights(operands, start):
        inside = weights.float()
        rows = first[:, None] + torch.arange(weights.shape[1], device=weights.device)
        distance = torch.arange(1, weights.shape[2] + 1, device=weights.device)
        mass = inside.sum(-1)
        share = inside / mass[..., None]
        place = (sequence[:, None], rows)
        measured["outside"][place] = (1 - mass).clamp(0, 1)
        measured["distance"][place] = (share * distance).sum(-1)
        measured["entropy"][place] = torch.special.entr(share).sum(-1) / math.log(2)
    return {
        field: values[:, :time].view(batch, heads, time).transpose(1, 2)
        for field, values in measured.items()
    }


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
