"""Seconds and multiply-adds of things that are run in turn in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

Work = Callable[[], object]


def in_turn(works: dict[str, Work], rounds: int, *, warm: bool = False) -> dict[str, float]:
    """The median seconds of each; `warm` runs each once untimed before its turn, so that caches hold its own."""
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            if warm:
                work()
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def multiply_adds(work: Work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() // 2


def machine_peak() -> float:
    """Multiply-adds a second of a large matrix product."""
    a, b, out = torch.randn(2048, 2048), torch.randn(2048, 2048), torch.empty(2048, 2048)
    return 2048**3 / in_turn({"mm": lambda: torch.mm(a, b, out=out)}, 9)["mm"]
