"""Bits per character, and how spans move: one stream, blocks of M, memory from zeros (DESIGN section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.span import spans_of
from model.transformer import Memory, Transformer

EVALUATION_BLOCK = 512  # the result does not depend on it
PAID_CHUNK = 32
"""Queries computed at the reach of the longest of them."""


@dataclass(frozen=True)
class SpanSample:
    """How the spans of every head moved over a text, in tokens: [layers, heads] each.

    z and span are means, the percentiles are over tokens, `paid` is the mean over chunks of queries of the longest span
    in each: what the computation costs.
    """

    tokens: int
    z: Tensor
    span: Tensor
    p10: Tensor
    p50: Tensor
    p90: Tensor
    paid: Tensor

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded to a thousandth of a token."""
        numbers = {
            name: x.double().numpy().round(3).tolist()
            for name, x in vars(self).items()
            if name != "tokens"
        }
        return {"tokens": self.tokens, **numbers}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SpanSample:
        """The inverse of `to_dict`. Raises KeyError, TypeError and ValueError."""
        tensors = {
            name: torch.tensor(x, dtype=torch.float64)
            for name, x in values.items()
            if name != "tokens"
        }
        return cls(values["tokens"], **tensors)


@dataclass(frozen=True)
class Evaluation:
    """Of a stream of tokens: the mean bits of every token but the first, and, where z follows the token, the spans."""

    bpc: float
    spans: SpanSample | None


class _SpanCounter:
    """Counts the spans of a dynamic model, block by block."""

    def __init__(self, net: Transformer) -> None:
        config = net.config
        self.ramp, self.limit = config.ramp, config.span_limit
        self.counts = torch.zeros(config.layers, config.heads, config.span_limit + 1)
        self.z = torch.zeros(config.layers, config.heads, dtype=torch.float64)
        self.paid, self.chunks, self.tokens = torch.zeros_like(self.z), 0, 0

    def add(self, lengths: list[Tensor]) -> None:
        """z of every layer, [batch, heads, time] each."""
        for layer, z in enumerate(lengths):
            spans = spans_of(z, self.ramp, self.limit)
            self.z[layer] += z.double().sum((0, 2)).cpu()
            chunks = F.pad(spans, (0, -spans.shape[2] % PAID_CHUNK)).unfold(
                2, PAID_CHUNK, PAID_CHUNK
            )
            self.paid[layer] += chunks.amax(3).double().sum((0, 2)).cpu()
            for head, own in enumerate(spans.transpose(0, 1).flatten(1).cpu()):
                self.counts[layer, head] += torch.bincount(own, minlength=self.limit + 1)
        batch, _, time = lengths[0].shape
        self.tokens += batch * time
        self.chunks += batch * math.ceil(time / PAID_CHUNK)

    def sample(self) -> SpanSample:
        below = self.counts.double().cumsum(-1)
        p10, p50, p90 = ((below < share * self.tokens).sum(-1) for share in (0.1, 0.5, 0.9))
        mean = (self.counts.double() * torch.arange(self.limit + 1)).sum(-1) / self.tokens
        return SpanSample(
            self.tokens, self.z / self.tokens, mean, p10, p50, p90, self.paid / self.chunks
        )


def blocks(tokens: Tensor, block: int) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Where each block of int64 [batch, time] starts, its tokens, and those that follow them: [batch, <= block] each."""
    for start in range(0, tokens.shape[1] - 1, block):
        targets = tokens[:, start + 1 : start + 1 + block]
        yield start, tokens[:, start : start + targets.shape[1]], targets


@torch.no_grad()
def stream(
    net: Transformer, tokens: Tensor, block: int = EVALUATION_BLOCK
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Read int64 [batch, time] block by block: the bits of each token after the first, float64 [batch, <= block],
    and the lengths in every layer, as in `Pass`.
    """
    memory: Memory | None = None
    for _, inputs, targets in blocks(tokens, block):
        states, lengths, _, memory = net.read(inputs, memory)
        yield bits_of(net, states[-1], targets), lengths


def bits_of(net: Transformer, state: Tensor, targets: Tensor) -> Tensor:
    """The bits of int64 [batch, time] given the last layer's output [batch, time, D]: float64 [batch, time]."""
    logits = net.logits(state).flatten(0, 1).float()
    loss = F.cross_entropy(logits, targets.flatten(), reduction="none")
    return loss.view(targets.shape).double() / math.log(2)


def evaluate(
    net: Transformer,
    tokens: np.ndarray,
    lanes: int = 1,
    told: Callable[[int], None] = lambda read: None,
) -> Evaluation:
    """Read a split (uint8 [time]); more lanes read it as so many texts, each from zeros, faster.

    `told` is told of each block how many tokens were read; it may raise to leave.
    Raises ValueError where there are fewer than two tokens a lane.
    """
    length = len(tokens) // lanes
    if length < 2:
        raise ValueError(f"{len(tokens)} tokens are too few: at least {2 * lanes} are needed")
    text = torch.from_numpy(tokens[: lanes * length].astype(np.int64)).view(lanes, length)
    counter = _SpanCounter(net) if net.config.variant == "dynamic" else None
    was_training, total = net.training, 0.0
    net.eval()
    for bits, lengths in stream(net, text.to(net.position.device)):
        total += bits.sum().item()
        told(bits.numel())
        if counter:
            counter.add(lengths)
    net.train(was_training)
    return Evaluation(total / (lanes * (length - 1)), counter.sample() if counter else None)


def bits_per_character(net: Transformer, tokens: np.ndarray, lanes: int = 1) -> float:
    """The mean bits of a split, as `evaluate` has them."""
    return evaluate(net, tokens, lanes).bpc
