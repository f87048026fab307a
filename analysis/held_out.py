"""What shorter spans lose on held-out text: readings that can be kept, and what differs between two of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.cost import cache_bytes, flops
from analysis.what_if import Change, Cut, WhatIf, kept_tokens
from model.config import ModelConfig
from model.evaluate import stream
from model.needs import standard_error
from model.span import spans_of
from model.transformer import Transformer
from model.use import LANES


@dataclass(frozen=True)
class HeldOutReading:
    """A sample as it was read with some heads cut."""

    cuts: tuple[Cut, ...]
    bits: Tensor
    """float64 [N], of each token but the first of each lane."""
    spans: Tensor
    """float64 [layers, heads], the mean over tokens."""
    seconds: float


def read_held_out(net: Transformer, sample: np.ndarray, cuts: Sequence[Cut]) -> HeldOutReading:
    """Read a sample of `held_out_sample` (uint8 [T]), its pieces beside each other as `measure_use` reads them.

    Raises ValueError where there are fewer than two tokens a piece, and as `Transformer.cut` does.
    """
    length, config = len(sample) // LANES, net.config
    if length < 2:
        raise ValueError(f"{len(sample)} tokens are too few: at least {2 * LANES} are needed")
    lanes = torch.from_numpy(sample[: LANES * length].astype(np.int64)).view(LANES, length)
    bits, total = list[Tensor](), torch.zeros(config.layers, config.heads, dtype=torch.float64)
    started = time.perf_counter()
    with net.cut(cuts):
        for of_block, lengths in stream(net, lanes.to(net.position.device)):
            bits.append(of_block.cpu())
            for layer, z in enumerate(lengths):
                spans = spans_of(z, config.ramp, config.span_limit).double()
                mean = spans if z.dim() == 1 else spans.mean((0, 2))
                total[layer] += of_block.shape[1] * mean.cpu()
    seconds = time.perf_counter() - started
    return HeldOutReading(tuple(cuts), torch.cat(bits, 1).flatten(), total / (length - 1), seconds)


def what_if_held_out(config: ModelConfig, before: HeldOutReading, after: HeldOutReading) -> WhatIf:
    """What differs between two readings of one sample."""
    return WhatIf(
        bpc=Change(before.bits.mean().item(), after.bits.mean().item()),
        flops=Change(*(flops(config, of.spans.mean().item()) for of in (before, after))),
        cache_bytes=Change(
            *(cache_bytes(config, kept_tokens(config, r.spans, r.cuts)) for r in (before, after))
        ),
        seconds=Change(before.seconds, after.seconds),
    )


def error_of_change(before: HeldOutReading, after: HeldOutReading) -> float | None:
    """The standard error of the change in mean bits, from how it differs between pieces; None where there is one piece."""
    return standard_error(after.bits - before.bits)
