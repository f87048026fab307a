"""The soft mask, and the ways to its length z (Sukhbaatar et al. 2019, section 2.2).

Nothing here knows a transformer: the mask and the modules that give z fit any attention over distances.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def soft_mask(z: Tensor, distance: Tensor, ramp: int) -> Tensor:
    """m(x) = clamp((R + z - (x - 1)) / R, 0, 1), as the released code has it (equation 1 is without the -1).

    z [...] and distance x [...] broadcast against each other; both in tokens.
    """
    return ((ramp + z - (distance - 1)) / ramp).clamp(0, 1)


def span_of(z: float, ramp: int, limit: int) -> int:
    """The span, in tokens: the largest distance x with m(x) > 0, at most the span limit."""
    return min(limit, math.ceil(z) + ramp)


def reach_of(z: float, ramp: int, limit: int) -> int:
    """How many distances a band must hold: the span, and at a whole z the column after it.

    There m = 0, but z still gets a gradient from it.
    """
    return min(limit, math.floor(z) + ramp + 1)


class FixedSpan(nn.Module):
    """z = S for every head: the mask is 1 everywhere."""

    def __init__(self, heads: int, limit: int) -> None:
        super().__init__()
        self.register_buffer("z", torch.full((heads,), float(limit)), persistent=False)

    z: Tensor
    """[heads], tokens."""

    def clamp_(self) -> None:
        pass


class AdaptiveSpan(nn.Module):
    """z = S * theta, one learned theta in [0, 1] a head."""

    def __init__(self, heads: int, limit: int, z_start: float = 0.0) -> None:
        super().__init__()
        self.limit = limit
        self.theta = nn.Parameter(torch.full((heads,), z_start / limit))

    @property
    def z(self) -> Tensor:
        """[heads], tokens."""
        return self.limit * self.theta

    @torch.no_grad()
    def clamp_(self) -> None:
        """To be called after each update."""
        self.theta.clamp_(0, 1)


def span_module(variant: str, heads: int, limit: int, z_start: float) -> FixedSpan | AdaptiveSpan:
    if variant == "fixed":
        return FixedSpan(heads, limit)
    return AdaptiveSpan(heads, limit, z_start)
