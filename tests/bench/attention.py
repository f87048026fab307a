"""`make bench`: banded attention against the dense oracle, forward and backward, in turn in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from model.attention import banded_attention, group_heads
from model.oracle import oracle_attention
from model.span import reach_of, soft_mask

BATCH, TIME, HEAD_DIM, LIMIT, RAMP, ROUNDS = 2, 128, 16, 512, 32, 7
WORKLOADS = {
    "short": [0.0] * 8,
    "mixed": [0.0, 2.0, 5.0, 9.0, 20.0, 40.0, 110.0, 480.0],
    "long": [480.0] * 8,
}


def tensors(lengths: list[float]) -> list[torch.Tensor]:
    torch.manual_seed(0)
    keys = (BATCH, len(lengths), LIMIT + TIME - 1, HEAD_DIM)
    shapes = [(BATCH, len(lengths), TIME, HEAD_DIM), keys, keys, (HEAD_DIM, LIMIT)]
    made = [torch.randn(shape) for shape in shapes] + [torch.tensor(lengths)]
    return [tensor.requires_grad_() for tensor in made]


def banded(inputs: list[torch.Tensor]) -> torch.Tensor:
    query, key, value, position, z = inputs
    total = torch.zeros(())
    for heads, width in group_heads([reach_of(x, RAMP, LIMIT) for x in z.tolist()]):
        rows, keys = list(heads), slice(LIMIT - width, None)
        mask = soft_mask(z[rows, None], torch.arange(1, width + 1), RAMP)
        part = banded_attention(
            query[:, rows], key[:, rows, keys], value[:, rows, keys], position[:, :width], mask
        )
        total = total + part.square().sum()
    return total


def dense(inputs: list[torch.Tensor]) -> torch.Tensor:
    query, key, value, position, z = inputs
    return oracle_attention(query, key, value, position, z, RAMP).square().sum()


def seconds(
    attention: Callable[[list[torch.Tensor]], torch.Tensor], inputs: list[torch.Tensor]
) -> float:
    started = time.perf_counter()
    torch.autograd.grad(attention(inputs), inputs)
    return time.perf_counter() - started


if __name__ == "__main__":
    print("attention with gradients: banded against the dense oracle, median of rounds in turn")
    print(f"{'workload':10} {'banded':>10} {'oracle':>10} {'ratio':>7}")
    for name, lengths in WORKLOADS.items():
        inputs = tensors(lengths)
        rounds = [(seconds(banded, inputs), seconds(dense, inputs)) for _ in range(ROUNDS + 1)][1:]
        ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:10} {ours * 1e3:8.1f}ms {theirs * 1e3:8.1f}ms {theirs / ours:6.1f}x")
