"""The optimisers and their learning rates: our recipe's AdamW and the paper's Adagrad (DESIGN section 2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from model.config import RunSpec, TrainingConfig
from model.transformer import Transformer

SPAN_RATE_LIMIT = 512
"""Beyond this span limit AdamW's rate of theta and b falls as its inverse: a step of theta moves z by S times the rate."""


class PaperAdagrad(Optimizer):
    """Adagrad with each tensor's gradient norm clipped: the step is scaled, the accumulator takes the raw gradient."""

    def __init__(self, params: Any, lr: float, clip: float, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "clip": clip, "eps": eps})

    # PyTorch overloads it by whether there is a closure
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["sum"] = torch.zeros_like(p)
                state["sum"].addcmul_(p.grad, p.grad)
                scale = (group["clip"] / (p.grad.norm() + 1e-6)).clamp(max=1)
                p.addcdiv_(
                    p.grad * scale, state["sum"].sqrt().add_(group["eps"]), value=-group["lr"]
                )


def make_optimizer(net: Transformer, spec: RunSpec) -> Optimizer:
    """Each parameter group keeps its full rate as `base`; `set_rate` scales it by the schedule."""
    training = spec.training
    fast, slow, others = [], [], []
    for name, p in net.named_parameters():
        if name.endswith(("span.theta", "span.bias")):
            fast.append(p)
        elif name.endswith("span.weight"):
            slow.append(p)
        else:
            others.append(p)
    if training.optimizer == "adagrad":
        groups: list[dict[str, Any]] = [
            {"params": fast, "lr": span_learning_rate(spec)},
            {"params": slow + others},
        ]
        optimizer: Optimizer = PaperAdagrad(
            [group for group in groups if group["params"]],
            training.learning_rate,
            training.gradient_clip,
        )
    else:
        groups = [
            {"params": fast, "lr": span_learning_rate(spec), "weight_decay": 0.0},
            {"params": slow + [p for p in others if p.dim() < 2], "weight_decay": 0.0},
            {"params": [p for p in others if p.dim() >= 2]},
        ]
        optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=training.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=training.weight_decay,
        )
    for group in optimizer.param_groups:
        group["base"] = group["lr"]
    return optimizer


def span_learning_rate(spec: RunSpec) -> float:
    """The full rate of theta and b."""
    training = spec.training
    shorter = min(1.0, SPAN_RATE_LIMIT / spec.model.span_limit)
    scale = shorter if training.optimizer == "adamw" else 1.0
    return training.span_rate * scale * training.learning_rate


def growth(spec: RunSpec) -> float:
    """How far one update can move a z of an adaptive span, in tokens: neither optimiser's step exceeds its rate."""
    return spec.model.span_limit * span_learning_rate(spec)


def rate(step: int, training: TrainingConfig) -> float:
    """The share of the full learning rate at a step: linear warm-up, then cosine or constant, at the end the floor."""
    warm = min(1.0, (step + 1) / training.warmup) if training.warmup else 1.0
    falling = training.planned_steps - training.hold - training.warmup
    done = min(1.0, max(0, step - training.warmup) / max(1, falling))
    if training.schedule == "constant":
        share = training.floor if training.hold and done == 1.0 else 1.0
    else:
        share = training.floor + (1 - training.floor) * (1 + math.cos(math.pi * done)) / 2
    return warm * share


def set_rate(optimizer: Optimizer, share: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["base"] * share


def state_tensors(optimizer: Optimizer) -> dict[str, torch.Tensor]:
    """The optimiser's state under plain names, for a safetensors file."""
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def load_state_tensors(optimizer: Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """The inverse of `state_tensors`."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
