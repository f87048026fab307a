"""How fast a model would train on this machine: measured on a few tokens of one and of two layers."""

from __future__ import annotations

import dataclasses
import threading
import time
from functools import lru_cache

import torch
from torch.nn import functional as F

from model.config import ConfigError, ModelConfig, RunSpec, TrainingConfig, Variant
from model.optim import make_optimizer, set_rate
from model.transformer import Memory, Transformer

TOKENS = 512
"""About as many are read at once: enough to fill a small machine, few enough for the largest models."""
ENOUGH_SECONDS, ROUNDS = 0.3, 3
MOST_PRODUCTS, MOST_NUMBERS = 1 << 36, 1 << 25
"""In a layer for all that is read at once, and in its widest tensor: several times what the paper's large models have."""

_one_at_a_time = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Pace:
    """Tokens a second in training."""

    start: float
    """With every span at the ramp, as adaptive training starts."""
    limit: float
    """With every span at the limit."""


def measured_pace(spec: RunSpec, device: str) -> Pace:
    """A step of all layers takes what embedding and logits take, and for each layer what a second one adds to the first.

    Raises ConfigError where even one layer is too large to be tried.
    """
    batch = max(1, min(spec.training.batch, TOKENS // spec.training.block))
    training = dataclasses.replace(spec.training, batch=batch, accumulate=1)
    _require_tryable(spec.model, training)
    with _one_at_a_time:
        return _measured(spec.model, training, device)


def _require_tryable(model: ModelConfig, training: TrainingConfig) -> None:
    hidden, inner, limit, symbols = model.hidden, model.inner, model.span_limit, model.symbols
    tokens = training.tokens_a_step
    # the weights alone take room, however few are the tokens ...
    dense = hidden * (4 * hidden + 2 * inner + symbols)
    # ... and narrow heads cost what wider ones do
    products = max(tokens, TOKENS) * (dense + 3 * limit * max(hidden, 32 * model.heads))
    numbers = tokens * max(hidden, inner, symbols)
    sizes = f"hidden={hidden}, inner={inner}, span_limit={limit}, block={training.block}"
    for count, most, what in (
        (products, MOST_PRODUCTS, "multiply-adds in a layer"),
        (numbers, MOST_NUMBERS, "numbers in a tensor"),
    ):
        if count > most:
            raise ConfigError(
                f"{sizes}: too large to be tried here, with {count:,} {what}; at most {most:,} are"
            )


@lru_cache(maxsize=64)
def _measured(model: ModelConfig, training: TrainingConfig, device: str) -> Pace:
    limit = float(model.span_limit)
    start = limit if model.variant == "fixed" else 0.0
    one, two = (_seconds(model, training, layers, start, device) for layers in (1, 2))
    layer = max(two - one, 0.1 * one)
    ends = max(0.0, one - layer)
    longest = layer
    if start < limit:
        longest = max(layer, _seconds(model, training, 1, limit, device) - ends)
    return Pace(*(training.tokens_a_step / (ends + model.layers * x) for x in (layer, longest)))


def _seconds(
    model: ModelConfig, training: TrainingConfig, layers: int, z: float, device: str
) -> float:
    """The shortest of a few steps: what disturbs one only adds to it."""
    # what follows the token costs what its longest chunk does, so lengths are set by hand
    variant: Variant = "fixed" if z >= model.span_limit else "adaptive"
    small = dataclasses.replace(model, layers=layers, variant=variant, z_start=z)
    net = Transformer(small).to(device)
    optimizer = make_optimizer(net, RunSpec(small, training))
    set_rate(optimizer, 0.0)  # the spans stay where they are
    tokens = torch.randint(small.symbols, (training.batch, training.block), device=device)
    memory: Memory | None = None
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < 2 or (
        len(seconds) <= ROUNDS and time.perf_counter() - began < ENOUGH_SECONDS
    ):
        started = time.perf_counter()
        logits, memory = net(tokens, memory)
        # PyTorch leaves `backward` without types
        F.cross_entropy(logits.flatten(0, 1), tokens.flatten()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        if device != "cpu":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])
