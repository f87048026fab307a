"""What a survey's tables look like."""

from __future__ import annotations

from itertools import cycle

import pandas as pd
import plotly.graph_objects as go

from analysis.figures import LAYOUT, attention_axes

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Colour is not the only sign."""


def kinds_figure(mass: pd.DataFrame, unit: str) -> go.Figure:
    """The attention of one head by distance, log axis, from each kind of character: its rows of a survey's `mass`."""
    of_kinds = mass[(mass["grouping"] == "kind") & mass["mass"].notna()]
    limit = int(mass["last"].max())
    figure = go.Figure()
    for (kind, bins), dash in zip(
        of_kinds.groupby("group", sort=False), cycle(DASHES), strict=False
    ):
        places = zip(bins["first"], bins["last"], strict=True)
        figure.add_scatter(
            x=[*bins["first"], limit + 1],
            y=[*bins["mass"], bins["mass"].iloc[-1]],
            name=str(kind),
            mode="lines",
            line={"width": 1.5, "shape": "hv", "dash": dash},
            customdata=[[f"{first} to {last}"] for first, last in places] + [[""]],
            hovertemplate=f"{kind}: %{{y:.1%}} of the attention on %{{customdata[0]}} {unit} back<extra></extra>",
        )
    return figure.update_layout(
        **{**LAYOUT, "showlegend": True},
        **attention_axes(limit, unit),
    )
