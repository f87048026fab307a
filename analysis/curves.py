"""A run over its training: a row an evaluation, and the curves drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from analysis.figures import ACCENT, GRID, LAYOUT, SOFT
from model.config import ModelConfig

MEASURED = ("step", "tokens", "seconds", "train_bpc", "bpc")


def curves_table(metrics: Sequence[dict[str, Any]], config: ModelConfig) -> pd.DataFrame:
    """A row an evaluation: step, tokens, seconds, train_bpc, bpc, mean_span, and the mean span of each layer (tokens).

    metrics as `Run.metrics`. A dynamic head's span is that of its mean z. Missing values are NaN.
    """
    table = pd.DataFrame([{k: line.get(k) for k in MEASURED} for line in metrics], columns=MEASURED)
    spans = [layer_spans(line["z"], config) if "z" in line else None for line in metrics]
    absent = np.full(config.layers, np.nan)
    layers = np.array([absent if of_layers is None else of_layers for of_layers in spans])
    table["mean_span"] = layers.mean(1) if len(layers) else []
    for layer in range(config.layers):
        table[f"span L{layer}"] = layers[:, layer] if len(layers) else []
    return table


def growth_table(metrics: Sequence[dict[str, Any]], config: ModelConfig) -> pd.DataFrame:
    """A row an evaluation: step, tokens, bpc, z of every head (tokens) as `z L0H0`, and span_avg, span_max of imported runs."""
    heads = [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    rows = [
        {name: line.get(name) for name in ("step", "tokens", "bpc")}
        | {f"z L{i}H{j}": line["z"][i][j] if line.get("z") else None for i, j in heads}
        | {name: line.get(name) for name in ("span_avg", "span_max")}
        for line in metrics
    ]
    columns = ["step", "tokens", "bpc", *(f"z L{i}H{j}" for i, j in heads), "span_avg", "span_max"]
    return pd.DataFrame(rows, columns=columns)


def layer_spans(z: Sequence[Sequence[float]], config: ModelConfig) -> np.ndarray:
    """The mean span of each layer [layers], tokens, of lengths z [layers, heads]."""
    spans = np.minimum(np.ceil(np.array(z)) + config.ramp, config.span_limit)
    return np.asarray(spans.mean(1))


def curves_figure(table: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """bpc of train and valid above, the mean span of every layer below, against tokens."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for column, name, color in (("train_bpc", "train", SOFT), ("bpc", "valid", ACCENT)):
        line = {"color": color, "width": 1.5}
        figure.add_scatter(x=table["tokens"], y=table[column], name=name, line=line, row=1, col=1)
    heights = np.linspace(0, 0.85, config.layers)  # the lightest yellow is no line on white
    for layer, color in enumerate(sample_colorscale("Viridis", heights.tolist())):
        figure.add_scatter(
            x=table["tokens"],
            y=table[f"span L{layer}"],
            name=f"layer {layer}",
            line={"color": color, "width": 1.5},
            row=2,
            col=1,
        )
    figure.update_layout(**{**LAYOUT, "showlegend": True})
    figure.update_xaxes(gridcolor=GRID)
    figure.update_xaxes(title_text="tokens read", row=2, col=1)
    figure.update_yaxes(title_text="bits per character", gridcolor=GRID, row=1, col=1)
    figure.update_yaxes(
        title_text=f"mean span, {config.unit}", type="log", gridcolor=GRID, row=2, col=1
    )
    return figure
