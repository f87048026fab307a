"""Checkpoints: folders that are whole or absent.

`config.json` and `model.safetensors` serve, `summary.json` tells, `training.safetensors` resumes. The summary holds
the SHA-256 of the others, and what is loaded is held against it.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialized
from torch import Tensor

from model.config import ConfigError, RunSpec
from model.evaluate import SpanSample
from model.files import digest, free_bytes, reason, whole_folder
from model.head_use import HeadUse
from model.span import cut_at
from model.transformer import Transformer

SPARE_BYTES = 1 << 20
"""Left free on the disk, for the lines that say that it is full."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read; the message says which and why."""


def name_of(folder: Path) -> str:
    """`<run>@<step>` of a checkpoint in a run's folder, else the name of its own: never where it lies."""
    step = folder.name.removeprefix("step-")
    if folder.parent.name == "checkpoints" and step.isdecimal():
        return f"{folder.parent.parent.name}@{int(step)}"
    return folder.name


def save(
    folder: Path,
    net: Transformer,
    spec: RunSpec,
    step: int,
    summary: dict[str, Any],
    training: dict[str, Tensor] | None = None,
) -> None:
    """Write a checkpoint into a folder that does not exist yet. Raises OSError, before it writes where there is no room.

    The summary holds `bpc` (part: of the part of valid that training evaluates on; valid, test: of all of it, or None),
    `tokens`, `seconds` (both None where they are not known) and `created`.
    """
    weights = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    state = {name: tensor.contiguous().cpu() for name, tensor in (training or {}).items()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    _require_room(folder, [*weights.values(), *state.values()])
    config = {"step": step, **spec.to_dict()}
    with whole_folder(folder) as new:
        (new / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        (new / "model.safetensors").write_bytes(serialized(weights))
        if training is not None:
            (new / "training.safetensors").write_bytes(serialized(state))
        digests = {path.name: digest(path) for path in sorted(new.iterdir())}
        text = json.dumps({**summary, "files": digests}, indent=1) + "\n"
        (new / "summary.json").write_text(text, encoding="utf-8")


def _require_room(folder: Path, tensors: list[Tensor]) -> None:
    needed = sum(tensor.nbytes for tensor in tensors) + SPARE_BYTES
    free = free_bytes(folder.parent)
    if free < needed:
        detail = f"a checkpoint needs {needed:,} bytes, {free:,} are free"
        raise OSError(errno.ENOSPC, detail, os.fspath(folder.parent))


def verify(folder: Path) -> None:
    """Hold its files against the digests in its summary, where that has some. Raises CheckpointError."""
    for name, wanted in read_summary(folder).get("files", {}).items():
        if Path(name).name != name:
            raise CheckpointError(
                f"{name_of(folder)}: summary.json names files that are not its own"
            )
        try:
            found = digest(folder / name)
        except OSError as error:
            raise CheckpointError(
                f"{name_of(folder)}: {name} cannot be read: {reason(error)}"
            ) from error
        if found != wanted:
            detail = f"it has SHA-256 {found[:12]}…, not {wanted[:12]}…"
            raise CheckpointError(f"{name_of(folder)}: {name} is damaged: {detail}")


def read_config(folder: Path) -> tuple[RunSpec, int]:
    """The spec and the step of a checkpoint. Raises CheckpointError."""
    values = _read_object(folder / "config.json")
    step = values.pop("step", None)
    if type(step) is not int:
        raise CheckpointError(f"{name_of(folder)}: config.json names no step")
    try:
        return RunSpec.from_dict(values), step
    except ConfigError as error:
        raise CheckpointError(f"{name_of(folder)}: config.json: {error}") from error


def read_summary(folder: Path) -> dict[str, Any]:
    """What `save` was given as summary. Raises CheckpointError."""
    summary = _read_object(folder / "summary.json")
    try:
        datetime.fromisoformat(summary["created"])
        whole = all(
            isinstance(summary["bpc"].get(k), float | None) for k in ("part", "valid", "test")
        )
        whole = whole and isinstance(summary["tokens"], int | None)
        whole = whole and isinstance(summary["seconds"], float | None)
        whole = whole and isinstance(summary.get("files", {}), dict)
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise CheckpointError(
            f"{name_of(folder)}: summary.json lacks bpc, tokens, seconds or created"
        )
    return summary


def _read_object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{name_of(path.parent)}: {path.name} cannot be read: {reason(error)}"
        ) from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{name_of(path.parent)}: {path.name} is no object")
    return values


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Raises CheckpointError."""
    with _naming(path):
        return load_file(path)


def read_z(folder: Path) -> Tensor:
    """The lengths [layers, heads] (tokens) from the weights file alone, or, where they follow the token, their means
    over held-out text from the summary. Raises CheckpointError.
    """
    model = read_config(folder)[0].model
    if model.variant == "dynamic":
        return read_span_sample(folder).z
    if model.variant == "fixed":
        return torch.full((model.layers, model.heads), float(model.span_limit))
    names = [f"layers.{layer}.attention.span.theta" for layer in range(model.layers)]
    with _open_weights(folder) as weights:
        # S times a float32 theta is exact in double, and so is the span that comes of it
        thetas = [weights.get_tensor(name).double() for name in names]
    if any(t.shape != (model.heads,) or not bool(((t >= 0) & (t <= 1)).all()) for t in thetas):
        raise CheckpointError(f"{name_of(folder)}: the spans in the weights do not fit config.json")
    z = model.span_limit * torch.stack(thetas)
    if not model.most_spans:
        return z
    most = [[cut_at(span, model.ramp, model.span_limit) for span in x] for x in model.most_spans]
    return z.minimum(torch.tensor(most, dtype=z.dtype))


def read_span_sample(folder: Path) -> SpanSample:
    """How the spans of a dynamic model moved over held-out text. Raises CheckpointError."""
    model, values = read_config(folder)[0].model, read_summary(folder).get("spans")
    try:
        sample = SpanSample.from_dict(values or {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{name_of(folder)}: summary.json lacks the spans of held-out text"
        ) from error
    measured = (sample.z, sample.span, sample.p10, sample.p50, sample.p90, sample.paid)
    shape = (model.layers, model.heads)
    if any(x.shape != shape or not bool(x.isfinite().all()) for x in measured):
        raise CheckpointError(
            f"{name_of(folder)}: the spans in summary.json do not fit config.json"
        )
    return sample


def read_use(folder: Path) -> HeadUse:
    """What each head uses on held-out text. Raises CheckpointError."""
    model, values = read_config(folder)[0].model, read_summary(folder).get("use")
    if values is None:
        raise CheckpointError(
            f"{name_of(folder)}: summary.json lacks what the heads use; python -m model.use adds it"
        )
    try:
        return HeadUse.from_dict(values, model)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{name_of(folder)}: what the heads use does not fit config.json: {error}"
        ) from error


def count_parameters(folder: Path) -> int:
    """Raises CheckpointError."""
    with _open_weights(folder) as weights:
        names = list(weights.keys())
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in names)


@contextmanager
def _open_weights(folder: Path) -> Iterator[Any]:
    path = folder / "model.safetensors"
    with _naming(path), safe_open(path, "pt") as weights:
        yield weights


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Says which file of which checkpoint cannot be read."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch opens the file again to map it; where that fails, its RuntimeError tells the path
        mapping = isinstance(error, RuntimeError)
        why = "it is gone or cannot be mapped" if mapping else reason(error)
        raise CheckpointError(
            f"{name_of(path.parent)}: {path.name} cannot be read: {why}"
        ) from error


def load(
    folder: Path | str, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> Transformer:
    """The transformer of a checkpoint, in eval mode. Raises CheckpointError."""
    folder = Path(folder)
    spec, _ = read_config(folder)
    verify(folder)
    net = Transformer(spec.model).to(device, dtype)
    for attention in net.attentions:
        attention.span.float()  # lengths of thousands need more digits than bfloat16 has
    weights = read_tensors(folder / "model.safetensors")
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"{name_of(folder)}: the weights do not fit config.json: {error}"
        ) from error
    return net.eval()
