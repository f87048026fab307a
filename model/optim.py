"""The optimisers and their learning rates: our recipe's AdamW and the paper's Adagrad (DESIGN section 2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from model.config import RunSpec, TrainingConfig
from model.transformer import Transformer

THETA_RATE = 10  # times the model's rate, at span limits up to:
THETA_RATE_LIMIT = 512


class PaperAdagrad(Optimizer):
    """Adagrad with each tensor's gradient norm clipped: the step is scaled, the accumulator takes the raw gradient."""

    def __init__(self, params: Any, lr: float, clip: float, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "clip": clip, "eps": eps})

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
        optimizer: Optimizer = PaperAdagrad(
            [{"params": fast + slow + others}], training.learning_rate, training.gradient_clip
        )
    else:
        shorter = min(1.0, THETA_RATE_LIMIT / spec.model.span_limit)
        groups: list[dict[str, Any]] = [
            {
                "params": fast,
                "lr": THETA_RATE * shorter * training.learning_rate,
                "weight_decay": 0.0,
            },
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


def growth(spec: RunSpec) -> float:
    """How far one update can move a z of an adaptive span, in tokens: neither optimiser's step exceeds its rate."""
    rate = spec.training.learning_rate
    if spec.training.optimizer == "adamw":
        rate *= THETA_RATE * min(1.0, THETA_RATE_LIMIT / spec.model.span_limit)
    return spec.model.span_limit * rate


def rate(step: int, training: TrainingConfig) -> float:
    """The share of the full learning rate at a step: linear warm-up, then cosine to 5% and on (adamw) or constant (adagrad)."""
    warm = min(1.0, (step + 1) / training.warmup) if training.warmup else 1.0
    if training.optimizer == "adagrad":
        return warm
    done = max(0, step - training.warmup) / max(1, training.steps - training.hold - training.warmup)
    return warm * (0.05 + 0.95 * (1 + math.cos(math.pi * min(1.0, done))) / 2)


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
