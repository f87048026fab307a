"""The curves of a run as TensorBoard scalars, for those who keep theirs there."""

from __future__ import annotations

import math
from typing import Any, Self

from model.runs import Run, RunError


class Scalars:
    """Writes into the run's folder `tensorboard`. Raises RunError where TensorBoard is not installed."""

    def __init__(self, run: Run) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            detail = "TensorBoard is not installed: pip install 'spanscope[tensorboard]'"
            raise RunError(f"run {run.name}: {detail}") from error
        metrics = run.metrics()
        done = metrics[-1]["step"] if metrics else 0
        self.writer = SummaryWriter(run.folder / "tensorboard", purge_step=done + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()

    def add(self, metrics: dict[str, Any]) -> None:
        """A line of metrics.jsonl."""
        step, z = metrics["step"], metrics["z"]
        means = [math.fsum(layer) / len(layer) for layer in z]
        scalars = {
            "bpc/train": metrics["train_bpc"],
            "bpc/valid": metrics["bpc"],
            "z/mean": math.fsum(means) / len(means),
            **{f"z/layer {number}": mean for number, mean in enumerate(means)},
        }
        for name, value in scalars.items():
            self.writer.add_scalar(name, value, step)
        self.writer.flush()
