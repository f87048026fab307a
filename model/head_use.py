"""What each head of a model uses on held-out text: the record, as `summary.json` keeps it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model.config import ModelConfig

DIGITS = 5
"""Significant ones, of the numbers kept."""


@dataclass(frozen=True)
class HeadUse:
    """Where every head attends, and what moves its z: float64 [layers, heads] where nothing else is said.

    A token counts in `mean_distance` (tokens), `entropy` (bits) and `distance_90` (tokens) by as much of its attention
    as falls inside the text; all three are 0 for a head of which none does.
    """

    tokens: int
    """How many were read."""
    edges: tuple[int, ...]
    """Bin i holds the distances from edges[i] up to, not including, edges[i + 1] (tokens); the last edge is S + 1."""
    mass: Tensor
    """[layers, heads, bins]: the mean over tokens of the attention on those distances; with `outside` it sums to 1."""
    mean_distance: Tensor
    entropy: Tensor
    """The mean over tokens, each its own."""
    distance_90: Tensor
    """The least distance within which lie 90% of the attention inside the text."""
    outside: Tensor
    """The mean over tokens of the attention on what lies before the text."""
    pull: Tensor | None
    """-d loss / d z, nats a token for a token of z: above 0 the text asks for more. None where z is fixed.

    Where z follows the token, for a shift of all z of the head. As in training, what is remembered of earlier blocks
    is taken as given.
    """
    pull_error: Tensor | None
    """The standard error of the pull, from how it differs between blocks. None where there is one block, or no pull."""
    penalty: float | None
    """-lambda / heads, the force of the span penalty on every z, likewise. None where z is fixed or lambda unknown."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded to five digits."""
        return {
            name: value if isinstance(value, int) else _plain(value)
            for name, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, values: Any, config: ModelConfig) -> HeadUse:
        """The inverse of `to_dict`. Raises KeyError, TypeError and ValueError, also where it does not fit the config."""
        shape, edges = (config.layers, config.heads), log_edges(config.span_limit)
        if tuple(values["edges"]) != edges or type(values["tokens"]) is not int:
            raise ValueError(f"the bins are not those of S = {config.span_limit}")
        shapes: dict[str, tuple[int, ...]] = {
            f.name: shape for f in fields(cls) if f.type in ("Tensor", "Tensor | None")
        }
        shapes["mass"] = (*shape, len(edges) - 1)
        given = dict(values)
        for name, of_numbers in shapes.items():
            if name not in ("pull", "pull_error") or values[name] is not None:
                given[name] = _tensor(values[name], of_numbers)
        if values["penalty"] is not None:
            given["penalty"] = _tensor(values["penalty"], ()).item()
        return cls(**{**given, "edges": edges})


def log_edges(limit: int) -> tuple[int, ...]:
    """The edges of about two bins an octave over the distances from 1 to the span limit (tokens)."""
    bins = max(1, round(2 * math.log2(limit)))
    return tuple(dict.fromkeys(np.geomspace(1, limit + 1, bins + 1).round().astype(int).tolist()))


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _tensor(values: Any, shape: tuple[int, ...]) -> Tensor:
    try:
        tensor = torch.tensor(values, dtype=torch.float64)
    except (RuntimeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    if tensor.shape != shape or not bool(tensor.isfinite().all()):
        raise ValueError(f"numbers of shape {tuple(tensor.shape)} where {shape} finite ones belong")
    return tensor
