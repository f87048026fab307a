"""Checkpoints: folders that are whole or absent.

`config.json` and `model.safetensors` serve, `summary.json` tells, `training.safetensors` resumes.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.config import ConfigError, RunSpec
from model.transformer import Transformer


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read; the message says which and why."""


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to fill, renamed to `target` when all is on disk; if that fails, there is no `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        yield temporary
        for path in [*temporary.iterdir(), temporary]:
            _sync(path)
        temporary.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def save(
    folder: Path,
    net: Transformer,
    spec: RunSpec,
    step: int,
    summary: dict[str, Any],
    training: dict[str, Tensor] | None = None,
) -> None:
    """Write a checkpoint into a folder that does not exist yet."""
    weights = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    with whole_folder(folder) as new:
        config = {"step": step, **spec.to_dict()}
        (new / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        (new / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        save_file(weights, new / "model.safetensors")
        if training is not None:
            tensors = {name: t.contiguous().cpu() for name, t in training.items()}
            save_file(tensors, new / "training.safetensors")


def read_config(folder: Path) -> tuple[RunSpec, int]:
    """The spec and the step of a checkpoint. Raises CheckpointError."""
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        step = values.pop("step")
        return RunSpec.from_dict(values), step
    except (OSError, ValueError, KeyError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{folder.name}: config.json cannot be read: {error}") from error


def read_summary(folder: Path) -> dict[str, Any]:
    """Raises CheckpointError."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder.name}: summary.json cannot be read: {error}") from error
    if not isinstance(summary, dict):
        raise CheckpointError(f"{folder.name}: summary.json is no object")
    return summary


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Raises CheckpointError."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path.parent.name}: {path.name} cannot be read: {error}") from error


def read_z(folder: Path) -> Tensor:
    """The learned lengths [layers, heads] (tokens), from the weights file alone. Raises CheckpointError."""
    model = read_config(folder)[0].model
    if model.variant == "fixed":
        return torch.full((model.layers, model.heads), float(model.span_limit))
    names = [f"layers.{layer}.attention.span.theta" for layer in range(model.layers)]
    with _open_weights(folder) as weights:
        return model.span_limit * torch.stack([weights.get_tensor(name) for name in names]).float()


def count_parameters(folder: Path) -> int:
    """Raises CheckpointError."""
    with _open_weights(folder) as weights:
        names = list(weights.keys())
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in names)


@contextmanager
def _open_weights(folder: Path) -> Iterator[Any]:
    try:
        with safe_open(folder / "model.safetensors", "pt") as weights:
            yield weights
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder.name}: model.safetensors cannot be read: {error}"
        ) from error


def load(
    folder: Path | str, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> Transformer:
    """The transformer of a checkpoint, in eval mode. Raises CheckpointError."""
    folder = Path(folder)
    spec, _ = read_config(folder)
    net = Transformer(spec.model)
    tensors = read_tensors(folder / "model.safetensors")
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(
            f"{folder.name}: the weights do not fit config.json: {error}"
        ) from error
    return net.to(device, dtype).eval()
