"""What takes minutes to measure, kept in a file by the digests of the checkpoint: only new ones are read again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from analysis.evidence.trained import Trained
from model.corpora import Corpus, load
from model.evaluate import SpanSample, evaluate
from model.probe import read

BEGINNING = 50_000
"""Tokens of test that anyone can read again in seconds."""
PACE_TOKENS = 16_384
FILES = ("model.safetensors", "config.json")
TEXT_TOKENS = 100_000
"""Of the test text whose spans are looked at token by token."""


@dataclass
class Measures:
    """Measured with the weights of a run on its own corpus."""

    file: Path
    data: Path | None = None

    def bits(self, trained: Trained, split: str) -> tuple[float, SpanSample | None]:
        """Bits per character of a whole split as one stream, and how the spans moved where they follow the token."""

        def measure() -> dict[str, Any]:
            found = evaluate(trained.net(), getattr(self.corpus(trained), split))
            return {"bpc": found.bpc, "spans": found.spans and found.spans.to_dict()}

        found = self.kept([trained], split, measure)
        return found["bpc"], found["spans"] and SpanSample.from_dict(found["spans"])

    def beginning(self, trained: Trained) -> float:
        """Bits per character of the beginning of test."""

        def measure() -> float:
            return evaluate(trained.net(), self.corpus(trained).test[:BEGINNING]).bpc

        return float(self.kept([trained], "beginning", measure))

    def paces(self, models: Sequence[Trained]) -> dict[str, float]:
        """Tokens a second of evaluating, by name, on this machine with one thread: the medians of five rounds over all."""

        def measure() -> dict[str, float]:
            nets = {one.name: one.net() for one in models}
            texts = {one.name: self.corpus(one).test[:PACE_TOKENS] for one in models}
            found = {name: list[float]() for name in nets}
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            for _ in range(5):
                for name, net in nets.items():
                    started = time.perf_counter()
                    evaluate(net, texts[name])
                    found[name].append(PACE_TOKENS / (time.perf_counter() - started))
            torch.set_num_threads(threads)
            return {name: float(np.median(paces)) for name, paces in found.items()}

        return dict(self.kept(models, "paces", measure))

    def text(self, trained: Trained) -> tuple[str, np.ndarray]:
        """The beginning of test [T], a character a byte, and the mean span of all heads at each token [T]."""
        tokens = self.corpus(trained).test[:TEXT_TOKENS]

        def measure() -> list[float]:
            reading = read(trained.net(), torch.from_numpy(tokens.astype(np.int64)), ["span"])
            return [round(float(span), 3) for span in reading.fields["span"].mean((1, 2))]

        spans = self.kept([trained], "along", measure)
        return tokens.tobytes().decode("latin-1"), np.array(spans)

    def corpus(self, trained: Trained) -> Corpus:
        return load(trained.spec.corpus, self.data)

    def kept(self, models: Sequence[Trained], what: str, measure: Callable[[], Any]) -> Any:
        known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        # a trimmed model may have the weights of another one
        files = [one.summary["files"][name] for one in models for name in FILES]
        key = " ".join([what, *files])
        if key not in known:
            known[key] = measure()
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(known), encoding="utf-8")
        return known[key]
