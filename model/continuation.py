"""Writing on from a text, token by token."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from model.pasts import walk
from model.span import spans_of
from model.transformer import Transformer


class Step(NamedTuple):
    """A token written."""

    token: int
    bits: float
    """Of this token given those before it, as the model has it: whatever the temperature."""
    spans: Tensor
    """[layers, heads], tokens: how far the heads may look back from it."""


@torch.no_grad()
def write_on(net: Transformer, tokens: Tensor, temperature: float, seed: int) -> Iterator[Step]:
    """Continue int64 [T], at least one token, for as long as is asked.

    Temperature 0 takes the likeliest token, others sample; the same seed gives the same tokens on the same machine.
    Raises ValueError for an empty text.
    """
    if not len(tokens):
        raise ValueError("a text of no tokens cannot be continued")
    config, device = net.config, net.position.device
    generator = torch.Generator().manual_seed(seed)
    # not from what is kept of other readings, whose rounding could turn the odd token
    ((_, block),) = deque(walk(net, tokens), maxlen=1)
    while True:
        log_share = net.logits(block.states[-1][0, -1]).float().log_softmax(-1).cpu()
        if temperature:
            share = ((log_share - log_share.max()) / temperature).softmax(-1)
            token = int(torch.multinomial(share, 1, generator=generator))
        else:
            token = int(log_share.argmax())
        block = net.read(torch.tensor([[token]], device=device), block.memory)
        lengths = torch.stack([z.flatten() for z in block.z])
        spans = spans_of(lengths, config.ramp, config.span_limit).cpu()
        yield Step(token, -log_share[token].item() / math.log(2), spans)
