"""The set of runs that the evidence is drawn from, as their folders have them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.curves import curves_table
from analysis.spans import spans_table
from model import checkpoint
from model.config import ModelConfig, RunSpec
from model.evaluate import SpanSample
from model.runs import Run
from model.transformer import Transformer

FIXED, ADAPTIVE, DYNAMIC = TRIO = ("classics-fixed", "classics-adaptive", "classics-dynamic")
LIMITED = {
    64: ("classics-fixed-64", "classics-adaptive-64"),
    256: ("classics-fixed-256", "classics-adaptive-256"),
}
"""Fixed and adaptive by span limit; that of the trio is 512."""
PENALTIES = {
    ADAPTIVE: ("classics-adaptive-low", "classics-adaptive-high"),
    DYNAMIC: ("classics-dynamic-low", "classics-dynamic-high"),
}
"""Those trained with a lower and with a higher lambda than one of the trio."""
SEED = "classics-adaptive-seed"
LARGE = "classics-large"
SOURCES = ("pysrc-adaptive", "pysrc-adaptive-far")
"""Of source code, at S 4096; the second with a longer ramp and a lower lambda."""
EVERY = (
    *TRIO,
    *LIMITED[64],
    *LIMITED[256],
    *PENALTIES[ADAPTIVE],
    SEED,
    *PENALTIES[DYNAMIC],
    LARGE,
    *SOURCES,
)


@dataclass(frozen=True)
class Trained:
    """A run and its newest checkpoint."""

    run: Run

    @property
    def name(self) -> str:
        return self.run.name

    @cached_property
    def spec(self) -> RunSpec:
        return self.run.spec

    @property
    def model(self) -> ModelConfig:
        return self.spec.model

    @cached_property
    def folder(self) -> Path:
        return self.run.checkpoint(self.run.steps()[-1])

    @cached_property
    def summary(self) -> dict[str, Any]:
        return checkpoint.read_summary(self.folder)

    def net(self) -> Transformer:
        return checkpoint.load(self.folder)

    def spans(self, sample: SpanSample | None = None) -> pd.DataFrame:
        """As `spans_table`; of dynamic spans those of a sample, or of the one that training read."""
        if self.model.variant != "dynamic":
            sample = None
        elif sample is None:
            sample = checkpoint.read_span_sample(self.folder)
        z = sample.z if sample else checkpoint.read_z(self.folder)
        return spans_table(z, self.model, sample)

    @cached_property
    def curves(self) -> pd.DataFrame:
        return curves_table(self.run.metrics(), self.model)

    def at(self, tokens: int) -> pd.Series[float]:
        """Its evaluation after so many tokens. Raises LookupError where there was none."""
        rows = self.curves[self.curves["tokens"] == tokens]
        if rows.empty:
            raise LookupError(f"run {self.name} was not evaluated after {tokens:,} tokens")
        return rows.iloc[0]

    def thirds(self, tokens: float = math.inf) -> list[float]:
        """Mean z of the upper third of the layers over that of the lower third, at the last three evaluations until then."""
        third = max(1, self.model.layers // 3)
        lines = [line for line in self.run.metrics() if line["tokens"] <= tokens]
        lengths = [np.array(line["z"]).mean(1) for line in lines[-3:]]
        return [float(z[-third:].mean() / z[:third].mean()) for z in lengths]


def found(names: Iterable[str], folders: Iterable[Path]) -> dict[str, Trained]:
    """Those of the runs that have ended, by name; the first folder that has one counts."""
    runs = dict[str, Trained]()
    for name in names:
        for folder in folders:
            run = Run(folder / name)
            if (run.folder / "run.json").is_file() and run.steps()[-1:] == [
                run.spec.training.steps
            ]:
                runs.setdefault(name, Trained(run))
    return runs
