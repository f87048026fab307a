"""The engine that reads parts on Ray, on this machine or on a cluster: `pip install 'spanscope[ray]'`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from analysis.survey.parts import Part, Reader
from analysis.survey.run import Engine, Tell
from analysis.survey.sources import Source, SurveyError
from model import checkpoint

INSTALL = "Ray is not installed: pip install 'spanscope[ray]'"


def on_ray(address: str | None = None, workers: int | None = None) -> Engine:
    """Read on a cluster's address, or on a Ray of its own on this machine, with so many workers: default one a GPU, or a CPU.

    The checkpoint and the sources must lie at the same paths where the workers are. One that is killed is started anew and
    reads its part again. The engine raises SurveyError where Ray is not installed or cannot be reached.
    """

    def engine(
        folder: Path, device: str, sources: Sequence[Source], parts: Mapping[int, Part], tell: Tell
    ) -> Iterator[tuple[int, bytes]]:
        ray = _connected(address or os.environ.get("RAY_ADDRESS"), workers)
        try:
            for row in _rows(ray, folder.resolve(), device, sources, parts, workers):
                number = int(row["number"])
                yield number, row["content"]
                tell(parts[number].stop - parts[number].first)
        except ray.exceptions.RayError as error:
            detail = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise SurveyError(f"Ray gave up: {detail}; run it again to go on") from error
        finally:
            ray.shutdown()

    return engine


def _connected(address: str | None, workers: int | None) -> Any:
    """The module, connected. Raises SurveyError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise SurveyError(INSTALL) from error
    quiet = {"log_to_driver": False, "logging_level": "error"}
    own = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(address, **quiet) if address else ray.init("local", **quiet, **own)
    except (ConnectionError, RuntimeError, ValueError) as error:
        detail = str(error).partition("\n")[0]
        raise SurveyError(f"no Ray answers at {address or 'this machine'}: {detail}") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


def _rows(
    ray: Any,
    folder: Path,
    device: str,
    sources: Sequence[Source],
    parts: Mapping[int, Part],
    workers: int | None,
) -> Iterator[dict[str, Any]]:
    """A row a part as it was read: its number and its file's content."""
    gpu = device.startswith("cuda")
    there = int(ray.cluster_resources().get("GPU" if gpu else "CPU", 1))
    size = min(workers or there, len(parts))
    items = [{"number": number, **part._asdict()} for number, part in parts.items()]
    read = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        Worker,
        fn_constructor_args=(folder, device, list(sources)),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=size),
        **({"num_gpus": 1} if gpu else {"num_cpus": 1}),
    )
    rows: Iterator[dict[str, Any]] = read.iter_rows()
    return rows


class Worker:
    """Holds the model, and reads the parts that come."""

    def __init__(self, folder: Path, device: str, sources: list[Source]) -> None:
        torch.set_num_threads(1)
        self.reader = Reader(checkpoint.load(folder, device), sources)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Columns number, source, first and stop to columns number and content."""
        content = np.empty(len(batch["number"]), object)  # an array of bytes would drop zeros
        places = zip(batch["source"], batch["first"], batch["stop"], strict=True)
        for row, place in enumerate(places):
            content[row] = self.reader.read(Part(*map(int, place)))
        return {"number": batch["number"], "content": content}
