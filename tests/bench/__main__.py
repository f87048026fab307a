"""`make bench`: ours against the baseline and PyTorch's own attention, in turn in one process.

Prints a table and writes build/bench.json: {workload: {phase: {ours, baseline, ratio, ...}}}. Seconds are medians of
rounds after a warm-up; ratio is baseline / ours.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.profiler import profile

from model.attention import banded_attention
from model.optim import PaperAdagrad
from model.transformer import Operands, Transformer
from tests.bench.baseline import Baseline, longest_span, mask_of, scaled_dot_product, spelled_out
from tests.bench.flex import Flex
from tests.bench.surveying import measure_survey
from tests.bench.timing import Work, in_turn, machine_peak, multiply_adds
from tests.bench.training import measure_training
from tests.bench.workloads import WORKLOADS, transformer

BLOCK, BATCH = 512, 1
BARS = {
    "paper": {"attention": 12, "forward": 4, "train": 3, "memory": 4},
    "short": {"attention": 5, "forward": 2, "train": 2, "memory": 3},
    "uniform": {"attention": 2.5, "forward": 1.8, "train": 1.3, "memory": 2},
    "training": {"start": 2, "loop": 0.97},
    "survey": {"read": 0.6},
}


def peak_bytes(work: Work) -> int:
    """The most memory held at once beyond what was held before, on a thread that holds no scratch memory yet."""

    def watched() -> int:
        with profile(profile_memory=True) as profiled:
            work()
        held = most = 0
        for event in profiled.profiler.kineto_results.events():  # type: ignore[union-attr]
            if event.name() == "[memory]":
                held += event.nbytes()
                most = max(most, held)
        return most

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(watched).result()


class AttentionOfLayer:
    """The inputs of one layer's attention, for ours and for the others."""

    def __init__(self, net: Transformer, layer: int, *, gradients: bool) -> None:
        attention, config = net.attentions[layer], net.config
        self.ramp, self.dropout = config.ramp, config.dropout if gradients else 0.0
        net.train(gradients)
        torch.manual_seed(layer)
        h = torch.randn(BATCH, BLOCK, config.hidden)
        with torch.no_grad():
            self.operands = attention.operands(h, None, net.position[:, : attention.reach()])
            z = attention.span(h)
        spans = [math.ceil(x) + config.ramp for x in z.flatten().tolist()]
        length = longest_span(spans, config.span_limit)
        keys = (BATCH * config.heads, length + BLOCK, config.head_dim)
        self.query, self.key, self.value = (
            self.operands.query.flatten(0, 1).contiguous(),
            torch.randn(keys),
            torch.randn(keys),
        )
        self.position = net.position[:, :length].flip(-1).detach().contiguous()
        self.z, self.length = z.detach(), length
        if gradients:
            leaves = [x.detach().requires_grad_() for x in self.operands[:5]]
            self.operands = Operands(*leaves, *self.operands[5:])
            for tensor in (
                self.query,
                self.key,
                self.value,
                self.position,
                self.z,
            ):
                tensor.requires_grad_()

    def mask(self) -> Tensor:
        z = self.z if self.z.dim() == 1 else self.z[0]
        return mask_of(z, self.length, self.ramp)

    def ours(self) -> Tensor:
        return banded_attention(*self.operands, self.dropout)

    def other(self, attend: Callable[..., Tensor]) -> Tensor:
        tensors = (self.query, self.key, self.value, self.position)
        return attend(*tensors, self.mask(), self.dropout)


def layers_of(
    name: str, net: Transformer, *, gradients: bool
) -> Iterator[tuple[int, AttentionOfLayer]]:
    """The layers whose spans differ, and how many of each there are."""
    profiles = WORKLOADS[name]
    for layer, spans in enumerate(profiles):
        if spans not in profiles[:layer]:
            yield profiles.count(spans), AttentionOfLayer(net, layer, gradients=gradients)


def attention_alone(name: str, net: Transformer, rounds: int, flex: bool) -> dict[str, Any]:
    """Forward without gradients, summed over the layers."""
    total: dict[str, float] = {}
    work = {"ours": 0, "baseline": 0}
    with torch.no_grad():
        for count, layer in layers_of(name, net, gradients=False):
            sides: dict[str, Work] = {
                "ours": layer.ours,
                "baseline": lambda layer=layer: layer.other(spelled_out),
                "sdpa": lambda layer=layer: layer.other(scaled_dot_product),
            }
            if flex and layer.z.dim() == 1:
                compiled = Flex(layer.length)
                sides["flex"] = lambda layer=layer, compiled=compiled: layer.other(compiled)
            for side, seconds in in_turn(sides, rounds, warm=True).items():
                total[side] = total.get(side, 0.0) + count * seconds
            for side in work:
                work[side] += count * multiply_adds(sides[side])
    return {**total, "multiply_adds": work}


def peak_memory(name: str, net: Transformer) -> dict[str, Any]:
    """Of the layer that needs most, forward and backward."""
    most = {"ours": 0, "baseline": 0}
    for _, layer in layers_of(name, net, gradients=True):
        toward = torch.randn(BATCH, layer.operands.query.shape[1], BLOCK, layer.query.shape[-1])
        sides: dict[str, Work] = {
            "ours": lambda layer=layer, toward=toward: torch.autograd.backward(
                layer.ours(), toward
            ),
            "baseline": lambda layer=layer, toward=toward: torch.autograd.backward(
                layer.other(spelled_out), toward.flatten(0, 1)
            ),
        }
        for side, work in sides.items():
            most[side] = max(most[side], peak_bytes(work))
    return dict(most)


def forward(net: Transformer, baseline: Baseline, rounds: int) -> dict[str, Any]:
    """Streaming a text: a block of 512 tokens with all caches full."""
    tokens = torch.randint(net.config.symbols, (BATCH, BLOCK))
    net.eval().requires_grad_(False)
    baseline.eval()
    with torch.no_grad():
        memory, cache = None, baseline.empty_cache(BATCH)
        for _ in range(math.ceil(max(baseline.lengths) / BLOCK)):
            ours, memory = net(tokens, memory)
            theirs, cache = baseline(tokens, cache)
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
        sides: dict[str, Work] = {
            "ours": lambda: net(tokens, memory),
            "baseline": lambda: baseline(tokens, cache),
        }
        work = {side: multiply_adds(run) for side, run in sides.items()}
        return {**in_turn(sides, rounds), "multiply_adds": work}


def training_step(net: Transformer, baseline: Baseline, rounds: int) -> dict[str, Any]:
    """Forward, loss, gradients and update, dropout on, with full memories."""
    tokens = torch.randint(net.config.symbols, (BATCH, BLOCK))
    net.train().requires_grad_(True)
    baseline.train()
    net.allow_growth(10)
    optimizer = PaperAdagrad(net.parameters(), 1e-9, 0.03)
    with torch.no_grad():
        memory, cache = None, baseline.empty_cache(BATCH)
        for _ in range(math.ceil(max(baseline.lengths) / BLOCK)):
            _, memory = net(tokens, memory)
            _, cache = baseline(tokens, cache)

    def step(logits: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits.flatten(0, 1), tokens.flatten()).backward()
        optimizer.step()
        net.clamp_spans_()

    sides: dict[str, Work] = {
        "ours": lambda: step(net(tokens, memory)[0]),
        "baseline": lambda: step(baseline(tokens, cache)[0]),
    }
    work = {side: multiply_adds(run) for side, run in sides.items()}
    return {**in_turn(sides, rounds), "multiply_adds": work}


def measure(name: str, rounds: int, flex: bool) -> dict[str, dict[str, Any]]:
    net = transformer(name, BLOCK)
    baseline = Baseline(net)
    return {
        "attention": attention_alone(name, net, rounds, flex),
        "forward": forward(net, baseline, rounds),
        "train": training_step(net, baseline, max(3, rounds // 2)),
        "memory": peak_memory(name, net),
    }


def report(name: str, phases: dict[str, dict[str, Any]], peak: float) -> None:
    """Complete the figures with ratio and share of the peak, and print a line a phase."""
    for phase, figures in phases.items():
        figures["ratio"] = figures["baseline"] / figures["ours"]
        bar = BARS.get(name, {}).get(phase)
        figures["bar"] = bar
        unit, scale = ("MB", 1e-6) if phase == "memory" else ("ms", 1e3)
        line = (
            f"{name:8} {phase:10} {figures['ours'] * scale:9.1f} {unit} {figures['baseline'] * scale:9.1f} {unit}"
            f" {figures['ratio']:6.2f}x  {f'bar {bar}x' if bar else '':10}"
        )
        if counted := figures.get("multiply_adds"):
            figures["peak_share"] = {
                side: counted[side] / figures[side] / peak for side in ("ours", "baseline")
            }
            figures["floor"] = counted["ours"] / peak
            shares = figures["peak_share"]
            line += (
                f" {counted['ours'] / 1e9:7.2f} {counted['baseline'] / 1e9:7.2f} G"
                f" {shares['ours']:5.0%} {shares['baseline']:5.0%}"
                f" {figures['ours'] / figures['floor']:5.2f}"
            )
        others = [
            f"{side} {figures[side] * 1e3:.0f} ms" for side in ("sdpa", "flex") if side in figures
        ]
        print(line, *others, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "workloads", nargs="*", default=[*WORKLOADS, "training", "survey"], help="default: all"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--flex",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="flex_attention, too, which takes minutes to compile and a C++ compiler",
    )
    given = parser.parse_args()
    peak = machine_peak()
    print(
        f"{torch.get_num_threads()} threads, float32, batch {BATCH}, blocks of {BLOCK}; a matrix product reaches"
        f" {2 * peak / 1e9:.0f} GFLOP/s"
    )
    print(
        f"{'workload':8} {'phase':10} {'ours':>12} {'baseline':>12} {'ratio':>7}  {'':10}"
        f" {'multiply-adds':>17} {'of the peak':>11} times the floor"
    )
    results: dict[str, Any] = {}
    for name in given.workloads:
        if name == "training":
            results[name] = measure_training(given.rounds)
        elif name == "survey":
            results[name] = measure_survey(max(3, given.rounds // 2))
        else:
            results[name] = measure(name, given.rounds, given.flex)
        report(name, results[name], peak)
    target = Path("build/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
