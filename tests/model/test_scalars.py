"""TensorBoard's scalars are the curves of the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model.config import ModelConfig, RunSpec, TrainingConfig
from model.runs import Run
from model.scalars import Scalars

SPEC = RunSpec(ModelConfig(layers=2, heads=1, hidden=8, inner=8), TrainingConfig(steps=20))


def line(step: int, bpc: float) -> dict[str, object]:
    return {"step": step, "train_bpc": bpc - 0.5, "bpc": bpc, "z": [[10.0], [30.0]]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scalars_follow_the_metrics_and_forget_what_the_run_forgot(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    with Scalars(run) as scalars:
        for step, bpc in ((5, 4.0), (10, 3.0)):
            scalars.add(line(step, bpc))
    run.append_metrics(line(5, 4.0))  # the run was killed, and goes on from step 5
    with Scalars(run) as scalars:
        scalars.add(line(10, 2.0))
    written = EventAccumulator(str(run.folder / "tensorboard"))
    written.Reload()
    assert [(e.step, e.value) for e in written.Scalars("bpc/valid")] == [(5, 4.0), (10, 2.0)]
    assert [e.value for e in written.Scalars("z/mean")] == [20.0, 20.0]
    assert [e.value for e in written.Scalars("z/layer 1")] == [30.0, 30.0]
