"""Bits per character: one stream, blocks of M, memory from zeros, every token but the first counted (DESIGN section 6)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.transformer import Memory, Transformer

EVALUATION_BLOCK = 512  # the result does not depend on it


@torch.no_grad()
def stream_bits(
    net: Transformer, tokens: Tensor, block: int = EVALUATION_BLOCK
) -> Iterator[Tensor]:
    """Bits of each token after the first, a block at a time: tokens int64 [batch, time] give float64 [batch, <= block]."""
    memory: Memory | None = None
    for start in range(0, tokens.shape[1] - 1, block):
        inputs = tokens[:, start : start + block][:, : tokens.shape[1] - 1 - start]
        targets = tokens[:, start + 1 : start + 1 + inputs.shape[1]]
        logits, memory = net(inputs, memory)
        loss = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
        yield loss.view(targets.shape).double() / math.log(2)


def bits_per_character(net: Transformer, tokens: np.ndarray, lanes: int = 1) -> float:
    """The mean bits of a split (uint8 [time]); more lanes read it as so many texts, each from zeros, faster.

    Raises ValueError where there are fewer than two tokens a lane.
    """
    length = len(tokens) // lanes
    if length < 2:
        raise ValueError(f"{len(tokens)} tokens are too few: at least {2 * lanes} are needed")
    device = net.position.device
    text = (
        torch.from_numpy(tokens[: lanes * length].astype(np.int64)).view(lanes, length).to(device)
    )
    was_training = net.training
    net.eval()
    total = sum(bits.sum().item() for bits in stream_bits(net, text))
    net.train(was_training)
    return total / (lanes * (length - 1))
