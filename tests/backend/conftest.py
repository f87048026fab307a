"""A service with the shelf and a run of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from model import checkpoint, train
from model.config import ModelConfig, RunSpec, TrainingConfig
from model.corpora import Corpus
from model.evaluate import evaluate
from model.runs import Run
from model.transformer import Transformer

# by this name Starlette's client calls every app
os.environ["SPANSCOPE_HOSTS"] = "testserver"

TINY = RunSpec(
    ModelConfig(alphabet="text8", layers=2, heads=2, hidden=8, inner=16, span_limit=40, ramp=8),
    TrainingConfig(steps=20, block=16),
    corpus="text8",
    title="tiny",
)
MOVING = TINY.replace(variant="dynamic", steps=10, title="moving")


def save(run: Run, step: int, bpc: float) -> None:
    torch.manual_seed(step)
    summary = {
        "bpc": {"part": bpc, "valid": None, "test": None},
        "tokens": 100 * step,
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    net = Transformer(run.spec.model)
    for name, weights in net.named_parameters():
        if name.endswith("span.weight"):
            torch.nn.init.normal_(weights)
    tokens = np.random.default_rng(step).integers(27, size=400, dtype=np.uint8)
    spans = evaluate(net, tokens).spans
    summary["spans"] = spans.to_dict() if spans else None
    checkpoint.save(run.checkpoint(step), net, run.spec, step, summary)
    z = (spans.z if spans else net.z).tolist()
    run.append_metrics({"step": step, "tokens": 100 * step, "bpc": bpc, "z": z})


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    run = Run.create(folder, "tiny", TINY)
    save(run, 10, 3.0)
    save(run, 20, 4.0)
    save(Run.create(folder, "moving", MOVING), 10, 3.5)
    return folder


@pytest.fixture(scope="session")
def client(runs: Path) -> Iterator[TestClient]:
    app = create_app(Settings(runs=runs))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """A small text in the place of every corpus."""
    text = np.frombuffer(b"the quick brown fox jumps over the lazy dog. " * 40, np.uint8)
    digests = {"train": "", "valid": "", "test": ""}
    made = Corpus("classics", "bytes", text, text[:400], text[:300], digests)
    monkeypatch.setattr(train, "load", lambda name, folder: made)
    return made
