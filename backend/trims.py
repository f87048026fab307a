"""What is kept of what heads need, and of how a checkpoint was trimmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from backend.catalogue import Entry
from model.checkpoint import CheckpointError
from model.files import reason
from model.needs import Loss, files_of, read_header, read_needs


class Measured(NamedTuple):
    """What was measured of a checkpoint's heads up to now, and on how many tokens; `version` changes when there is more."""

    losses: list[Loss]
    tokens: int | None
    version: tuple[int, int]


def measured_needs(entry: Entry, runs: Path) -> Measured:
    """Of the file that holds most."""
    weights = entry.summary.get("files", {}).get("model.safetensors")
    header = {"weights": weights} if weights else {}
    found = [_read(file, header) for file in files_of(entry.folder, runs)]
    return max(found, key=lambda one: len(one.losses))


def _read(file: Path, header: dict[str, Any]) -> Measured:
    try:
        state = file.stat()
    except OSError:
        return Measured([], None, (0, 0))
    tokens = read_header(file).get("tokens")
    return Measured(read_needs(file, header), tokens, (state.st_mtime_ns, state.st_size))


def path_of(entry: Entry) -> dict[str, Any]:
    """trim.json of a trimmed checkpoint. Raises CheckpointError."""
    try:
        values = json.loads((entry.run.folder / "trim.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{entry.id}: trim.json cannot be read: {reason(error)}") from error
    if not isinstance(values, dict) or not {"points", "valid", "chosen"} <= values.keys():
        raise CheckpointError(f"{entry.id}: trim.json lacks points, valid or chosen")
    return values
