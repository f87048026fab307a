"""What a model costs, held against the paper's numbers and against models in memory."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from analysis.cost import flops, memory_bytes, parameters, training_bytes
from model.config import ModelConfig, Optimizer, RunSpec, TrainingConfig
from model.optim import make_optimizer, state_tensors
from model.presets import PRESETS
from model.transformer import Transformer


def of_symbols(preset: str, symbols: int) -> ModelConfig:
    """A preset with as many symbols as the original code counts."""
    return dataclasses.replace(PRESETS[preset].model, alphabet="unknown", vocabulary=symbols)


@pytest.mark.parametrize(
    ("preset", "symbols", "count"),
    [
        ("text8-small", 28, 38_357_116),
        ("enwik8-small", 205, 38_538_541),
        ("text8-large", 28, 208_638_172),
        ("enwik8-large", 205, 208_910_221),
        ("enwik8-mini", 205, 6_480_621),
    ],
)
def test_parameters_are_the_paper_s(preset: str, symbols: int, count: int) -> None:
    assert parameters(of_symbols(preset, symbols)) == count


def test_a_dynamic_span_has_a_vector_and_a_number_a_head() -> None:
    adaptive, dynamic = (PRESETS[f"classics-{v}"].model for v in ("adaptive", "dynamic"))
    heads = adaptive.layers * adaptive.heads
    assert parameters(dynamic) - parameters(adaptive) == heads * dynamic.hidden


@pytest.mark.parametrize(
    ("span", "millions"),
    [
        (314, 41.6),
        (256, 40.9),
        (512, 44.0),
        (1024, 50.3),
        (2048, 62.9),
        (4096, 88.1),
        (8192, 138.4),
    ],
)
def test_flops_are_the_paper_s(span: int, millions: float) -> None:
    small = PRESETS["text8-small"].model
    assert round(flops(small, span) / 1e6, 1) == millions
    assert flops(small, span, positions=True) - flops(small, span) == 12 * 512 * span


@pytest.mark.parametrize("optimizer", ["adamw", "adagrad"])
def test_what_training_holds_is_what_a_trainer_holds(optimizer: Optimizer) -> None:
    model = ModelConfig(layers=2, heads=2, hidden=8, inner=16, span_limit=40, ramp=8)
    spec = RunSpec(model, TrainingConfig(optimizer=optimizer, batch=3, block=40))
    net = Transformer(spec.model)
    adjust = make_optimizer(net, spec)
    logits, memory = net(torch.zeros(3, 40, dtype=torch.int64))
    logits.sum().backward()
    adjust.step()
    sums = [t for name, t in state_tensors(adjust).items() if not name.endswith(".step")]
    held = [*net.parameters(), *net.parameters(), *sums]
    assert training_bytes(spec) == 4 * sum(t.numel() for t in held)
    assert memory_bytes(spec) == 4 * sum(layer.numel() for layer in memory)


def test_the_paper_s_recipes() -> None:
    for name, layers, steps in (
        ("text8-small", 12, 900_000),
        ("enwik8-small", 12, 600_000),
        ("text8-large", 24, 270_000),
        ("enwik8-large", 24, 170_000),
    ):
        spec = PRESETS[name]
        assert (spec.model.layers, spec.training.steps) == (layers, steps)
        assert spec.training.span_penalty == 5e-7 and spec.model.span_limit == 8192
    mini = PRESETS["enwik8-mini"]
    assert mini.training.span_penalty == 2e-6 and mini.training.warmup == 8_000
    assert mini.training.block == 256 and mini.model.dropout == 0
