"""A run with a checkpoint that was surveyed: its head L0·H1 looks 100 bytes back from each newline, and else at the last byte."""

from __future__ import annotations

from pathlib import Path

from analysis.survey import folder_of, survey
from model import checkpoint
from model.config import RunSpec, TrainingConfig
from model.runs import Run
from tests.analysis.test_survey import newline_head
from tests.small_runs import ROOT

TEXT = ROOT / "model/transformer.py"


def newlines_run(runs: Path, *texts: str | Path, data: Path | None = None) -> Run:
    """Of texts, or of one with many lines; the survey is called `lines`."""
    net = newline_head()
    spec = RunSpec(net.config, TrainingConfig(block=16), title="newlines")
    run = Run.create(runs, "newlines", spec)
    summary = {
        "bpc": {"part": 3.0, "valid": None, "test": None},
        "tokens": 10,
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    checkpoint.save(run.checkpoint(10), net, spec, 10, summary)
    z = net.z.tolist()
    run.append_metrics({"step": 10, "tokens": 10, "bpc": 3.0, "z": z})
    survey(run.checkpoint(10), texts or [TEXT], folder_of(run.checkpoint(10), "lines"), data=data)
    return run
