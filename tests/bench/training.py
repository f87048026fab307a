"""Training as it begins, every span at the ramp: a bare step of ours and the original's way, and what the loop adds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model.corpora import Corpus
from model.leave import Leave
from model.optim import growth, make_optimizer, set_rate
from model.presets import PRESETS
from model.runs import Run
from model.session import Session
from model.trainer import Lanes, Trainer
from model.transformer import Transformer
from tests.bench.baseline import Baseline
from tests.bench.timing import in_turn, multiply_adds

STEPS = 10
"""Of each before the other one's turn."""
PRESET = PRESETS["classics-adaptive"]
SPEC = PRESET.replace(steps=1_000_000, evaluate_every=1_000_000, learning_rate=1e-12)
"""At a rate that leaves the spans where they begin."""


def random_corpus() -> Corpus:
    """Bytes without sense: what they say changes no cost."""
    split = np.random.default_rng(0).integers(0, 256, 1 << 20).astype(np.uint8)
    return Corpus("classics", "bytes", split, split, split, {})


class BareStep:
    """What a step cannot do without, written out: for ours, or for the same model read the original's way."""

    def __init__(self, lanes: Lanes, *, original: bool) -> None:
        torch.manual_seed(SPEC.seed)
        self.lanes, self.net = lanes, Transformer(SPEC.model)
        self.net.allow_growth(growth(PRESET))
        self.optimizer = make_optimizer(self.net, SPEC)
        set_rate(self.optimizer, 1.0)
        self.baseline = Baseline(self.net) if original else None
        self.memory: Any = None
        if self.baseline:
            self.memory = self.baseline.empty_cache(SPEC.training.batch)
        self.step = 0

    def __call__(self) -> None:
        inputs, targets = self.lanes.block_at(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        logits, penalty = self._read(inputs)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        (loss + SPEC.training.span_penalty * penalty).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), SPEC.training.gradient_clip)
        self.optimizer.step()
        self.net.clamp_spans_()
        self.step += 1

    def _read(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        if self.baseline:
            logits, self.memory = self.baseline(inputs, self.memory)
            z = [attention.span(inputs) for attention in self.net.attentions]
        else:
            states, z, _, self.memory = self.net.read(inputs, self.memory)
            logits = self.net.logits(states[-1])
        return logits, self.net.span_penalty(z)


class Loop(Session):
    """The trainer's loop between two checkpoints: its steps with all that it looks at and tells."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer, Countdown(trainer), 0, keeps_on=False)
        trainer.net.allow_growth(growth(PRESET))

    def _save(self, metrics: dict[str, Any]) -> bool:
        return True

    def __call__(self) -> None:
        assert isinstance(self.leave, Countdown)
        self.leave.last = self.trainer.step + STEPS
        self._loop(None)


class Countdown(Leave):
    """Told to leave after some steps."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.trainer, self.last = trainer, 0

    def __bool__(self) -> bool:
        return self.trainer.step >= self.last


def measure_training(rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds a step: `start` is our bare step against the original's way, `loop` the trainer's loop against our bare step."""
    corpus = random_corpus()
    lanes = Lanes(corpus.train, SPEC.training.batch, SPEC.training.block)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder), "bench", SPEC)
        run.tell("started")
        loop = Loop(Trainer(run, corpus, "cpu"))
        bare, original = BareStep(lanes, original=False), BareStep(lanes, original=True)
        seconds = in_turn(
            {"loop": loop, "ours": repeated(bare), "baseline": repeated(original)}, rounds
        )
    assert bare.net.z.max() < 1e-3
    a_step = {name: total / STEPS for name, total in seconds.items()}
    work = {"ours": multiply_adds(bare), "baseline": multiply_adds(original)}
    return {
        "start": {"ours": a_step["ours"], "baseline": a_step["baseline"], "multiply_adds": work},
        "loop": {"ours": a_step["loop"], "baseline": a_step["ours"]},
    }


def repeated(step: Callable[[], None]) -> Callable[[], None]:
    def steps() -> None:
        for _ in range(STEPS):
            step()

    return steps
