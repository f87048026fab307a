"""The paper's figures, drawn from the tables."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from model.config import ModelConfig

INK, SOFT, GRID, MARKS, ACCENT = "#1b1e23", "#5a616b", "#eceef1", "#2f6f8f", "#b3412e"
LAYER_WIDTH = 0.8
"""What the heads of a layer take of the place between two layers."""
LAYOUT = {
    "font": {"family": "system-ui, sans-serif", "size": 12, "color": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "margin": {"l": 64, "r": 24, "t": 24, "b": 48},
    "showlegend": False,
}


def log_ticks(low: float, high: float) -> list[int]:
    """1, 2, 5, 10, ... from low to high."""
    powers = range(math.floor(math.log10(max(low, 1))), math.ceil(math.log10(high)) + 1)
    return [t for power in powers for m in (1, 2, 5) if low <= (t := m * 10**power) <= high]


def attention_axes(limit: int, unit: str) -> dict[str, Any]:
    """Of a figure of attention by distance, in log bins up to a limit."""
    return {
        "xaxis": {
            "type": "log",
            "range": [0, math.log10(limit + 1)],
            "tickvals": log_ticks(1, limit),
            "title": {"text": f"distance, {unit} back"},
            "gridcolor": GRID,
        },
        "yaxis": {
            "rangemode": "tozero",
            "tickformat": ".0%",
            "title": {"text": "attention in each bin"},
            "gridcolor": GRID,
        },
    }


def spans_figure(table: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """The paper's figure 4: the span of every head, sorted within its layer, layers side by side, log axis.

    Of `dynamic` the mean, with a bar from the 10th to the 90th percentile over tokens.
    """
    ordered = table.sort_values(["layer", "span", "head"])
    place = ((ordered.groupby("layer").cumcount() + 0.5) / config.heads - 0.5) * LAYER_WIDTH
    low = min(config.ramp, ordered["p10"].min()) * 0.9
    high = max(ordered["span"].max(), ordered["p90"].max()) * 1.15
    unit = config.unit
    figure = go.Figure(
        go.Scatter(
            x=ordered["layer"] + place,
            y=ordered["span"],
            mode="markers",
            marker={"color": MARKS, "size": 9},
            customdata=np.array(head_names(ordered))[:, None],
            hovertemplate=f"%{{customdata[0]}}<br>span %{{y:.0f}} {unit}<extra></extra>",
        )
    )
    if config.variant == "dynamic":
        above, below = (ordered["p90"] - ordered["span"]), (ordered["span"] - ordered["p10"])
        figure.update_traces(
            error_y={"array": above.clip(lower=0), "arrayminus": below.clip(lower=0), "width": 0}
        )
    floor = "" if (table["span"] < config.ramp).any() else ", the floor"
    figure.add_hline(
        y=config.ramp,
        line={"color": SOFT, "width": 1, "dash": "dash"},
        annotation={"text": f"ramp R = {config.ramp}{floor}", "font": {"color": SOFT}},
        annotation_position="bottom right",
    )
    figure.update_layout(
        **LAYOUT,
        xaxis={**layer_axis(config.layers), "range": [-0.5, config.layers - 0.5]},
        yaxis=span_axis(low, high, unit),
    )
    return figure


def layer_axis(layers: int) -> dict[str, object]:
    """An x axis on which layers have places of their own."""
    return {
        "tickvals": list(range(layers)),
        "ticktext": [f"layer {layer}" for layer in range(layers)],
        "showgrid": False,
        "zeroline": False,
    }


def span_axis(low: float, high: float, unit: str) -> dict[str, object]:
    """A log axis of spans."""
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": log_ticks(low, high),
        "title": {"text": f"span, {unit} back"},
        "gridcolor": GRID,
    }


def map_figure(table: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """The span of every head on a layer x head map, layer 0 at the bottom, log colour."""
    grid = table.pivot(index="layer", columns="head", values="span")
    ticks = log_ticks(grid.min().min(), grid.max().max())
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(grid),
            x=[f"H{head}" for head in grid.columns],
            y=[f"L{layer}" for layer in grid.index],
            text=grid.round().astype(int),
            texttemplate="%{text}",
            hovertemplate=f"%{{y}}·%{{x}}<br>span %{{text}} {config.unit}<extra></extra>",
            colorscale="Viridis",
            xgap=2,
            ygap=2,
            colorbar={"tickvals": np.log10(ticks), "ticktext": ticks, "title": {"text": "span"}},
        )
    )
    return figure.update_layout(**LAYOUT)


def along_figure(reading: pd.DataFrame, text: str, columns: Sequence[str] = ("span",)) -> go.Figure:
    """Columns of `read_text` along the text (the paper's figure 5)."""
    places = zip(reading["start"], reading["end"], strict=True)
    characters = [html.escape(repr(text[start:end])) for start, end in places]
    figure = go.Figure()
    for column, color in zip(columns, [MARKS, ACCENT] * len(columns), strict=False):
        figure.add_scatter(
            y=reading[column],
            name=column,
            mode="lines",
            line={"color": color, "width": 1.5},
            customdata=np.array(characters)[:, None],
            hovertemplate="%{customdata[0]}<br>%{y:.1f}<extra>" + column + "</extra>",
        )
    return figure.update_layout(
        **{**LAYOUT, "showlegend": len(columns) > 1},
        xaxis={"title": {"text": "token"}, "gridcolor": GRID},
        yaxis={"title": {"text": ", ".join(columns)}, "gridcolor": GRID},
    )


def head_names(table: pd.DataFrame) -> list[str]:
    """L4·H3, of each row."""
    return [f"L{layer}·H{head}" for layer, head in zip(table["layer"], table["head"], strict=True)]
