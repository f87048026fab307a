"""The soft mask, and the three ways to its length z (Sukhbaatar et al. 2019, sections 2.2 and 2.3).

Nothing here knows a transformer: the mask and the modules that give z fit any attention over distances.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DYNAMIC_START = -4.0
"""Where b starts: z is then 1.8% of the span limit."""
ROUNDING = 1 / 256
"""More of a token than is lost where lengths of thousands are added in float32."""


def ramp_of(z: Tensor, distance: Tensor, ramp: int) -> Tensor:
    """(R + z - (x - 1)) / R, the soft mask before it is clamped to [0, 1].

    z [...] and distance x [...] broadcast against each other; both in tokens. The released code has x - 1 where the
    paper's equation 1 has x. From 0 to 1, both ends included, its slope in z is 1 / R; elsewhere the mask has none.
    """
    return (ramp + z - (distance - 1)) / ramp


def soft_mask(z: Tensor, distance: Tensor, ramp: int) -> Tensor:
    """m(x) = clamp((R + z - (x - 1)) / R, 0, 1); shapes as for `ramp_of`."""
    return ramp_of(z, distance, ramp).clamp(0, 1)


def span_of(z: float, ramp: int, limit: int) -> int:
    """The span, in tokens: the largest distance x with m(x) > 0, at most the span limit."""
    return min(limit, math.ceil(z) + ramp)


def spans_of(z: Tensor, ramp: int, limit: int) -> Tensor:
    """`span_of` for a tensor of lengths: int64 of the same shape."""
    return (z.ceil().long() + ramp).clamp(max=limit)


def reach_of(z: float, ramp: int, limit: int) -> int:
    """How many distances a band must hold: the span, and at a whole z the column after it.

    There m = 0, but z still gets a gradient from it. A z just below a whole number may be rounded to it when R is added.
    """
    return min(limit, math.floor(z + ROUNDING) + ramp + 1)


def solid_of(z: float) -> int:
    """How many of the nearest distances have m = 1 whatever small step z takes."""
    return max(0, math.floor(z))


def cut_at(span: int, ramp: int, limit: int) -> float:
    """The largest z whose span is at most the one given: what a head cut there is left with, in tokens.

    A span of S is no cut. One below the ramp gives a z below 0: a mask that starts on the ramp.
    """
    return float(limit if span >= limit else span - ramp)


class Span(nn.Module):
    """Gives the z of every head. `cut` [heads], where set, bounds it: the spans of a trimmed model, or of a what-if
    (`cut_at`).
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.cut: Tensor | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """z in tokens for inputs [batch, time, D]: [heads], or [batch, heads, time] where it follows the token."""
        return self.bounded(self.lengths(inputs))

    def bounded(self, z: Tensor) -> Tensor:
        """Lengths of the shape that `forward` gives, as long as the cut lets them be."""
        if self.cut is None:
            return z
        cut = self.cut.to(z.device)
        return torch.minimum(z, cut if z.dim() == 1 else cut[:, None])

    def lengths(self, inputs: Tensor) -> Tensor:
        """`forward` without the cut."""
        raise NotImplementedError

    def clamp_(self) -> None:
        """To be called after each update."""


class FixedSpan(Span):
    """z = S for every head: the mask is 1 everywhere."""

    def __init__(self, heads: int, limit: int) -> None:
        super().__init__(limit)
        self.register_buffer("z", torch.full((heads,), float(limit)), persistent=False)

    z: Tensor
    """[heads], tokens."""

    def lengths(self, inputs: Tensor) -> Tensor:
        return self.z


class AdaptiveSpan(Span):
    """z = S * theta, one learned theta in [0, 1] a head."""

    def __init__(self, heads: int, limit: int, z_start: float = 0.0) -> None:
        super().__init__(limit)
        self.theta = nn.Parameter(torch.full((heads,), z_start / limit))
        self.ceiling: Tensor | None = None
        """[heads], tokens: what z may grow to before the heads are grouped again."""

    @property
    def z(self) -> Tensor:
        """[heads], tokens."""
        return self.limit * self.theta

    def lengths(self, inputs: Tensor) -> Tensor:
        return self.z

    @torch.no_grad()
    def clamp_(self) -> None:
        self.theta.clamp_(0, 1)
        if self.ceiling is not None:
            self.theta.copy_(torch.minimum(self.theta, self.ceiling / self.limit))


class DynamicSpan(Span):
    """z_t = S * sigmoid(v . x_t + b): the length follows the current token (section 2.3 of the paper)."""

    def __init__(self, heads: int, limit: int, hidden: int) -> None:
        super().__init__(limit)
        self.weight = nn.Parameter(torch.zeros(heads, hidden))
        self.bias = nn.Parameter(torch.full((heads,), DYNAMIC_START))

    def lengths(self, inputs: Tensor) -> Tensor:
        share = torch.sigmoid(F.linear(inputs.to(self.weight.dtype), self.weight, self.bias))
        return self.limit * share.transpose(1, 2)


def span_module(variant: str, heads: int, limit: int, hidden: int, z_start: float) -> Span:
    """The way to z that a variant takes: fixed, adaptive or dynamic."""
    if variant == "fixed":
        return FixedSpan(heads, limit)
    if variant == "adaptive":
        return AdaptiveSpan(heads, limit, z_start)
    return DynamicSpan(heads, limit, hidden)
