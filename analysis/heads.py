"""What each head may reach, what it does reach on held-out text, what moves its z, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import torch
from torch import Tensor

from analysis.cost import cache_bytes, head_flops, kept_of_head
from analysis.figures import ACCENT, LAYOUT, MARKS, SOFT, attention_axes
from model.config import ModelConfig
from model.head_use import HeadUse, log_edges
from model.span import soft_mask

FAR_RAMPS, NEAR_SHARE = 2, 0.25
"""A head may look far whose span is more than so many ramps, and looks near if 90% lie in less than this share of it."""
MEASURED = ("mean_distance", "entropy", "distance_90", "outside", "pull", "pull_error")


def heads_table(
    spans: pd.DataFrame,
    config: ModelConfig,
    use: HeadUse | None,
    needed: Mapping[tuple[int, int], float] | None = None,
) -> pd.DataFrame:
    """A row a head: what `spans_table` has, what `HeadUse` has, `reach_unused`, `needs`, and cost; None for what is unknown.

    `needs` as `needed_spans` has it.

    `reach_unused`: the span is over two ramps, and 90% of the attention inside the text lie in less than a quarter of
    it. `flops` (multiply-adds a token, as the paper counts them), `flops_share` (of all heads') and `cache_bytes`.
    """
    table = spans[["layer", "head", "z", "span", "rank"]].copy()
    for name in MEASURED:
        values: Tensor | None = getattr(use, name, None)
        table[name] = [None] * len(table) if values is None else values.flatten().tolist()
    table["penalty"] = pd.Series([use and use.penalty] * len(table), dtype=object)
    far = table["span"] > FAR_RAMPS * config.ramp
    table["reach_unused"] = (
        far & (table["distance_90"] < NEAR_SHARE * table["span"]) if use else None
    )
    places = list(zip(table["layer"], table["head"], table["span"], strict=True))
    needs = [(needed or {}).get((layer, head)) for layer, head, _ in places]
    table["needs"] = pd.Series(needs, dtype=object)
    table["flops"] = [head_flops(config, span) for span in table["span"]]
    table["flops_share"] = table["flops"] / table["flops"].sum()
    table["cache_bytes"] = [cache_bytes(config, kept_of_head(config, *p)) for p in places]
    return table


def bins_table(head: pd.Series[float], config: ModelConfig, use: HeadUse | None) -> pd.DataFrame:
    """A row a bin of distances for one head, a row of `heads_table`: first, last (tokens), mask, mass.

    The mask is the mean of m over the bin, of a dynamic span that of the mean z; the mass None where it is unknown.
    """
    edges = log_edges(config.span_limit)
    first, after = torch.tensor(edges[:-1]), torch.tensor(edges[1:])
    distance = torch.arange(1, config.span_limit + 1)
    mask = soft_mask(torch.tensor(float(head["z"]), dtype=torch.float64), distance, config.ramp)
    within = torch.nn.functional.pad(mask.cumsum(0), (1, 0))
    place = int(head["layer"]), int(head["head"])
    return pd.DataFrame(
        {
            "first": first.tolist(),
            "last": (after - 1).tolist(),
            "mask": ((within[after - 1] - within[first - 1]) / (after - first)).tolist(),
            "mass": use.mass[place].tolist() if use else [None] * len(first),
        }
    )


def head_figure(bins: pd.DataFrame, head: pd.Series[float], config: ModelConfig) -> go.Figure:
    """The attention of one head by distance, log axis, under its mask: a row of `heads_table` and its `bins_table`."""
    unit, limit = config.unit, config.span_limit
    distance = torch.arange(1, limit + 1)
    figure = go.Figure()
    if bins["mass"].notna().all():
        places = zip(bins["first"], bins["last"], strict=True)
        figure.add_scatter(
            x=[*bins["first"], limit + 1],
            y=[*bins["mass"], bins["mass"].iloc[-1]],
            name="attention",
            mode="lines",
            line={"color": MARKS, "width": 1.5, "shape": "hv"},
            fill="tozeroy",
            customdata=[[f"{first} to {last}"] for first, last in places] + [[""]],
            hovertemplate=f"%{{y:.1%}} of the attention on %{{customdata[0]}} {unit} back<extra></extra>",
        )
        if head["distance_90"]:
            figure.add_vline(x=head["distance_90"], line={"color": ACCENT, "width": 1})
            figure.add_annotation(
                x=math.log10(head["distance_90"]),  # of a log axis annotations want the logarithm
                y=0.85,
                yref="paper",
                text=f"90% within {head['distance_90']:.0f}",
                font={"color": ACCENT},
                showarrow=False,
                xanchor="right" if head["distance_90"] ** 2 > limit else "left",
            )
    figure.add_scatter(
        x=distance.tolist(),
        y=soft_mask(torch.tensor(float(head["z"])), distance, config.ramp).tolist(),
        name="mask",
        yaxis="y2",
        mode="lines",
        line={"color": SOFT, "width": 1.5, "dash": "dash"},
        hovertemplate=f"mask %{{y:.2f}} at %{{x}} {unit} back<extra></extra>",
    )
    return figure.update_layout(
        **{**LAYOUT, "showlegend": True},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        **attention_axes(limit, unit),
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "range": [0, 1.05],
            "tickvals": [0, 0.5, 1],
            "showgrid": False,
            "title": {"text": "mask"},
        },
    )
