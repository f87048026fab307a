"""The span profiles that are measured, in tokens: a list of heads for every layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.config import ModelConfig
from model.presets import PRESETS
from model.span import AdaptiveSpan, Span
from model.transformer import Transformer

LAYERS, HEADS = 12, 8
PAPER = [
    *[[34] * HEADS for _ in range(5)],
    [33, 34, 36, 48, 52, 54, 65, 100],
    [35, 37, 42, 47, 70, 80, 92, 220],
    [33, 45, 48, 50, 80, 120, 160, 1100],
    [50, 75, 80, 110, 135, 138, 600, 3300],
    [33, 34, 36, 48, 75, 76, 100, 220],
    [38, 90, 100, 105, 130, 180, 260, 4000],
    [61, 62, 125, 128, 190, 300, 1050, 1700],
]
"""Read off the figure of the paper that shows the spans of the small model's heads."""
WORKLOADS = {
    "paper": PAPER,
    "short": [[34] * HEADS] * LAYERS,
    "uniform": [[1024] * HEADS] * LAYERS,
    "fixed": [[2048] * HEADS] * LAYERS,
    "dynamic": PAPER,
}
SPREAD = 0.5
"""In `dynamic` z is spread evenly over the tokens, by so much of its mean to either side."""


class GivenSpan(Span):
    """A z for every token of a block, as `dynamic` would compute it."""

    def __init__(self, z: Tensor, limit: int) -> None:
        super().__init__(limit)
        self.z = nn.Parameter(z)

    def lengths(self, inputs: Tensor) -> Tensor:
        return self.z[None].expand(max(1, len(inputs)), -1, -1)


def config_of(name: str) -> ModelConfig:
    """The paper's small model, with the span limit that the workload asks for."""
    small = PRESETS["enwik8-small"].model
    values = {**vars(small), "variant": "adaptive", "layers": LAYERS, "heads": HEADS}
    if name == "fixed":
        values |= {"variant": "fixed", "span_limit": 2048}
    if name == "dynamic":
        values |= {"variant": "dynamic"}
    return ModelConfig(**values)


def transformer(name: str, time: int) -> Transformer:
    """A model of random weights whose heads have the spans of the workload; `dynamic` for blocks of `time` tokens."""
    torch.manual_seed(0)
    config = config_of(name)
    net = Transformer(config)
    for attention, spans in zip(net.attentions, WORKLOADS[name], strict=True):
        z = torch.tensor([float(span - config.ramp) for span in spans])
        if isinstance(attention.span, AdaptiveSpan):
            attention.span.theta.data.copy_(z / config.span_limit)
        elif name == "dynamic":
            around = 1 + SPREAD * (2 * torch.rand(HEADS, time) - 1)
            attention.span = GivenSpan(z[:, None] * around, config.span_limit)
    return net
