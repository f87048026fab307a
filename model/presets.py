"""What can be trained by name: the paper's models, and ours for small machines (DESIGN section 2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from model.config import ConfigError, ModelConfig, RunSpec, TrainingConfig
from model.corpora import NAMES

DEFAULT_PRESET = "classics-adaptive"

_SETTLED = TrainingConfig(
    steps=9_800, hold=1_400, span_penalty=5e-6, evaluate_every=280, evaluate_tokens=131_072
)
_SMALL = ModelConfig(
    layers=12, hidden=512, inner=2048, span_limit=8192, dropout=0.3, position_std=1.0
)
_LARGE = dataclasses.replace(_SMALL, layers=24, hidden=768, inner=4096, dropout=0.4)
_PAPER = TrainingConfig(
    optimizer="adagrad",
    schedule="constant",
    steps=600_000,
    floor=0.1,
    batch=64,
    block=512,
    learning_rate=0.07,
    span_rate=1.0,
    warmup=32_000,
    span_penalty=5e-7,
    weight_decay=0.0,
    gradient_clip=0.03,
    evaluate_every=1_000,
)

PRESETS: dict[str, RunSpec] = {
    "quick": RunSpec(
        ModelConfig(layers=3, heads=4, hidden=64, inner=256, span_limit=256),
        TrainingConfig(steps=1_000, block=64, evaluate_every=100, evaluate_tokens=32_768),
        title="a first run: a few minutes on two cores",
    ),
    "classics-adaptive": RunSpec(training=_SETTLED, title="classics · adaptive"),
    "classics-dynamic": RunSpec(
        ModelConfig(variant="dynamic"), _SETTLED, title="classics · dynamic"
    ),
    "classics-fixed": RunSpec(ModelConfig(variant="fixed"), _SETTLED, title="classics · fixed"),
    "enwik8-mini": RunSpec(
        ModelConfig(layers=8, heads=4, hidden=256, inner=1024, span_limit=1024, position_std=1.0),
        dataclasses.replace(_PAPER, steps=150_000, block=256, warmup=8_000, span_penalty=2e-6),
        corpus="enwik8",
        title="enwik8 · adaptive, mini",
    ),
    "enwik8-small": RunSpec(_SMALL, _PAPER, corpus="enwik8", title="enwik8 · adaptive, small"),
    "enwik8-large": RunSpec(
        _LARGE,
        dataclasses.replace(_PAPER, steps=170_000, hold=20_000),
        corpus="enwik8",
        title="enwik8 · adaptive, large",
    ),
    "text8-small": RunSpec(
        dataclasses.replace(_SMALL, alphabet="text8"),
        dataclasses.replace(_PAPER, steps=900_000),
        corpus="text8",
        title="text8 · adaptive, small",
    ),
    "text8-large": RunSpec(
        dataclasses.replace(_LARGE, alphabet="text8"),
        dataclasses.replace(_PAPER, steps=270_000, hold=20_000),
        corpus="text8",
        title="text8 · adaptive, large",
    ),
}


def spec_of(preset: str | None, settings: Mapping[str, Any]) -> RunSpec:
    """A preset (the default one for None) with some settings changed. Raises ConfigError."""
    name = preset or DEFAULT_PRESET
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    spec = PRESETS[name].replace(**settings)
    if spec.corpus not in NAMES:
        raise ConfigError(f"there is no corpus {spec.corpus!r}; there are {', '.join(NAMES)}")
    return spec
