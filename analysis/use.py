"""What heads may look at beside what they do look at: the figures of `heads_table`."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures import GRID, INK, LAYOUT, MARKS, SOFT, head_names, log_ticks
from model.config import ModelConfig


def reach_figure(heads: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """May look against does look: every head's span, and how far back its attention lies on average.

    A bar goes on to the distance within which lie 90% of it. A head that may look far and looks near is a diamond.
    Heads of which this was not measured, or that look at nothing, are left out. Where it was measured, a tick marks
    what a head needs to look at.
    """
    known = heads[heads["mean_distance"].astype(float) > 0]
    unused = known["reach_unused"].astype(bool)
    names = np.array(head_names(known))[:, None]
    figure = go.Figure()
    figure.add_scatter(
        x=[1, config.span_limit],
        y=[1, config.span_limit],
        name="all that it may",
        mode="lines",
        line={"color": SOFT, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=known["span"].tolist(),
        y=known["mean_distance"].tolist(),
        name="heads",
        mode="markers",
        marker={
            "color": [INK if far else MARKS for far in unused],
            "size": 8,
            "symbol": ["diamond-open" if far else "circle" for far in unused],
        },
        error_y={
            "array": (known["distance_90"] - known["mean_distance"]).clip(lower=0).tolist(),
            "arrayminus": [0] * len(known),
            "color": MARKS,
            "thickness": 1,
            "width": 0,
        },
        customdata=names,
        hovertemplate=(
            "%{customdata[0]}<br>span %{x:.0f}<br>mean distance %{y:.1f} "
            f"{config.unit}<extra></extra>"
        ),
    )
    needing = known[known["needs"].notna()]
    if len(needing):
        figure.add_scatter(
            x=needing["needs"].astype(float).tolist(),
            y=needing["mean_distance"].tolist(),
            name="needs",
            mode="markers",
            marker={"color": SOFT, "size": 8, "symbol": "line-ns-open", "line": {"width": 1.5}},
            customdata=np.array(head_names(needing))[:, None],
            hovertemplate=f"%{{customdata[0]}}<br>needs %{{x:.0f}} {config.unit}, if cut alone<extra></extra>",
        )
    figure.update_layout(**LAYOUT)
    for update, column, title in (
        (figure.update_xaxes, "span", f"may look: span, {config.unit}"),
        (figure.update_yaxes, "mean_distance", "does look: mean distance"),
    ):
        low = known[column].min() * 0.8 if len(known) else 1
        if column == "span" and len(needing):
            low = min(low, 0.8 * needing["needs"].min())
        update(
            type="log",
            range=[math.log10(low), math.log10(config.span_limit * 1.12)],
            tickvals=log_ticks(1, config.span_limit),
            title={"text": title},
            gridcolor=GRID,
        )
    return figure


def distribution_figure(heads: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """How many heads may look further back than a distance, and how many do with more than a tenth of their attention."""
    figure = go.Figure()
    for name, column, color in (
        ("may look", "span", MARKS),
        ("do look", "distance_90", SOFT),
    ):
        values = heads[column].dropna()
        if values.empty:
            continue
        x, y = heads_beyond(values, config.span_limit)
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            mode="lines",
            line={"color": color, "width": 1.5, "shape": "hv"},
            hovertemplate=f"%{{y}} heads {name} beyond %{{x:.0f}} {config.unit}<extra></extra>",
        )
    return figure.update_layout(
        **{**LAYOUT, "showlegend": True},
        xaxis={
            "type": "log",
            "range": [0, math.log10(config.span_limit * 1.12)],
            "tickvals": log_ticks(1, config.span_limit),
            "title": {"text": f"distance, {config.unit} back"},
            "gridcolor": GRID,
        },
        yaxis={"rangemode": "tozero", "title": {"text": "heads beyond it"}, "gridcolor": GRID},
    )


def heads_beyond(values: pd.Series[float], limit: int) -> tuple[list[float], list[int]]:
    """A step at each value, from 1 to S: how many of the values lie beyond a distance."""
    ordered = sorted(max(1.0, float(value)) for value in values)
    return [1.0, *ordered, float(limit)], [*range(len(ordered), -1, -1), 0]
