"""Runs that train in seconds on a corpus made up here, and what is compared of them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from model import checkpoint
from model.config import ModelConfig, RunSpec, TrainingConfig
from model.runs import Run
from model.transformer import Transformer

ROOT = Path(__file__).resolve().parents[1]
SPEC = RunSpec(
    ModelConfig(layers=2, heads=2, hidden=16, inner=32, span_limit=40, ramp=8, dropout=0.1),
    TrainingConfig(
        steps=8, batch=4, block=16, warmup=2, evaluate_every=2, evaluate_tokens=200, keep=20
    ),
    corpus="enwik8",
)
PATIENCE_SECONDS = 120
FOX = b"the quick brown fox jumps over the lazy dog. "


def prepared_corpus(folder: Path, text: bytes = FOX) -> Path:
    """A folder in which `corpora.load` finds an enwik8 of a few kilobytes."""
    home = folder / "enwik8"
    home.mkdir(parents=True)
    digests = {}
    for split, repeats in (("train", 40), ("valid", 10), ("test", 10)):
        (home / f"{split}.bin").write_bytes(text * repeats)
        digests[split] = hashlib.sha256(text * repeats).hexdigest()
    (home / "digests.json").write_text(json.dumps(digests), encoding="utf-8")
    return folder


def small_checkpoint(folder: Path, **settings: Any) -> Path:
    """A checkpoint of a small model that was never trained, written into a folder that is not there yet."""
    torch.manual_seed(0)
    spec = replace(SPEC, model=replace(SPEC.model, z_start=9.5, **settings))
    summary = {
        "bpc": {"part": 3.0, "valid": None, "test": None},
        "tokens": 10,
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    checkpoint.save(folder, Transformer(spec.model), spec, 10, summary)
    return folder


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoint(step) / "model.safetensors")


def same_weights(one: Run, other: Run, step: int) -> bool:
    """Bit for bit."""
    theirs = weights(other, step)
    return all(torch.equal(tensor, theirs[name]) for name, tensor in weights(one, step).items())


def without_seconds(run: Run) -> list[dict[str, Any]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in run.metrics()]


def events(run: Run) -> list[str]:
    return [line["event"] for line in run.log()]


def process(*command: object, **environment: str) -> subprocess.Popen[str]:
    """`python -m ...` from the root of the tree, on one thread."""
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def trainer(runs: Path, data: Path, *options: object, **environment: str) -> subprocess.Popen[str]:
    """The background trainer."""
    fixed = ("--runs", runs, "--data", data, "--threads", 1, "--device", "cpu", "--niceness", 0)
    return process("backend", "trainer", *fixed, *options, **environment)


def wait_until(
    happened: Callable[[], bool], *processes: subprocess.Popen[str], look_every: float = 0.02
) -> None:
    """Raises AssertionError where it does not happen in time, or some process ended before, with what that said."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        for one in processes:
            assert one.poll() is None or happened(), one.communicate()[0]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(look_every)
