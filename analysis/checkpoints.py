"""A checkpoint's tables and figures, from its folder or from a service that has it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from analysis.figures import map_figure, spans_figure
from analysis.heads import bins_table, head_figure, heads_table
from analysis.needs import needed_spans
from analysis.spans import spans_table
from analysis.texts import Reduce, named, read_text
from analysis.use import distribution_figure, reach_figure
from model import checkpoint
from model.checkpoint import CheckpointError
from model.config import ModelConfig, RunSpec
from model.needs import files_of, read_needs
from model.probe import FIELDS, Field


@dataclass(frozen=True)
class Checkpoint:
    """What `open_checkpoint` gives: tables, and the pictures that the page shows of them."""

    config: ModelConfig
    spans: pd.DataFrame
    """As `spans_table`."""
    heads: pd.DataFrame
    """As `heads_table`."""
    bins: Callable[[int, int], pd.DataFrame]
    """As `bins_table`, of a layer and head."""
    read_text: Callable[..., pd.DataFrame]
    """As `read_text`, less the net."""

    def spans_figure(self) -> go.Figure:
        return spans_figure(self.spans, self.config)

    def map_figure(self) -> go.Figure:
        return map_figure(self.spans, self.config)

    def reach_figure(self) -> go.Figure:
        return reach_figure(self.heads, self.config)

    def distribution_figure(self) -> go.Figure:
        return distribution_figure(self.heads, self.config)

    def head_figure(self, layer: int, head: int) -> go.Figure:
        return head_figure(self.bins(layer, head), self.row(layer, head), self.config)

    def row(self, layer: int, head: int) -> pd.Series[float]:
        """Its row of `heads`. Raises IndexError where there is no such head."""
        if not (0 <= layer < self.config.layers and 0 <= head < self.config.heads):
            raise IndexError(f"there is no head L{layer}H{head}")
        return self.heads.iloc[layer * self.config.heads + head]


def open_checkpoint(place: str | Path) -> Checkpoint:
    """The checkpoint of a folder, as `model/shelf/classics-adaptive/checkpoints/step-00009800`, or of an address, as
    `http://127.0.0.1:8000/api/v1/checkpoints/classics-adaptive@latest`.

    Raises CheckpointError, and URLError where no service answers.
    """
    if str(place).startswith(("http://", "https://")):
        return _of_service(str(place).rstrip("/"))
    return _of_folder(Path(place))


def _of_folder(folder: Path) -> Checkpoint:
    config = checkpoint.read_config(folder)[0].model
    sample = checkpoint.read_span_sample(folder) if config.variant == "dynamic" else None
    measured = checkpoint.read_summary(folder).get("use") is not None
    use = checkpoint.read_use(folder) if measured else None
    spans = spans_table(checkpoint.read_z(folder), config, sample)
    *_, kept = files_of(folder, folder.absolute().parents[2])
    needed = needed_spans(spans, read_needs(kept, {}))
    heads = heads_table(spans, config, use, needed)

    def bins(layer: int, head: int) -> pd.DataFrame:
        return bins_table(heads.iloc[layer * config.heads + head], config, use)

    def read(text: str, *arguments: Any, **named: Any) -> pd.DataFrame:
        return read_text(checkpoint.load(folder), text, *arguments, **named)

    return Checkpoint(config, spans, heads, bins, read)


def _of_service(address: str) -> Checkpoint:
    about = json.loads(_get(address))
    address = f"{address.rpartition('/')[0]}/{about['id']}"  # an alias may come to mean another one

    def table(part: str) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(_get(f"{address}/{part}?format=csv")))

    def bins(layer: int, head: int) -> pd.DataFrame:
        return table(f"heads/{layer}/{head}")

    def read(
        text: str,
        fields: Collection[Field] = FIELDS,
        reduce: Reduce = "all",
        context: str = "",
    ) -> pd.DataFrame:
        body = {"text": text, "context": context, "fields": list(fields), "reduce": reduce}
        answer = json.loads(_get(f"{address}/analyses", json.dumps(body).encode()))
        columns = {name: _array(answer["tokens"][name]) for name in ("token", "start", "end")}
        columns["bits"] = _array(answer["bits"])
        for field in fields:
            columns |= named(field, _array(answer["fields"][field]))
        return pd.DataFrame(columns)

    config = RunSpec.from_dict(about["config"]).model
    return Checkpoint(config, table("spans"), table("heads"), bins, read)


def _array(typed: dict[str, str]) -> npt.NDArray[Any]:
    """Of plotly's typed-array form."""
    flat = np.frombuffer(base64.b64decode(typed["bdata"]), np.dtype(typed["dtype"]))
    return flat.reshape([int(length) for length in typed["shape"].split(",")])


def _get(address: str, body: bytes | None = None) -> str:
    request = Request(address, body, {"Content-Type": "application/json"})
    try:
        with urlopen(request) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        problem = error.read().decode(errors="replace")
        raise CheckpointError(f"{address} answers {error.code}: {problem}") from error
