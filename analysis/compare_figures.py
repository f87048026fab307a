"""Checkpoints side by side, drawn: what their bits cost, and how far their heads look."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.figures import GRID, LAYOUT, SOFT, layer_axis, span_axis
from model.config import ModelConfig

Cost = Literal["flops", "flops_with_positions", "cache_bytes"]
COST_NAMES: dict[Cost, str] = {
    "flops": "multiply-adds a token",
    "flops_with_positions": "multiply-adds a token, positions counted",
    "cache_bytes": "bytes of cache",
}
VARIANTS = {
    "fixed": {"color": "#d55e00", "symbol": "square"},
    "adaptive": {"color": "#0072b2", "symbol": "circle"},
    "dynamic": {"color": "#009e73", "symbol": "triangle-up"},
}
"""Okabe and Ito's colours, and a shape each."""
DASHES = ("solid", "dash", "dot", "dashdot")


def cost_figure(
    checkpoints: pd.DataFrame,
    published: pd.DataFrame,
    against: Cost = "flops",
    chosen: Collection[str] | None = None,
) -> go.Figure:
    """Bits per character against cost on a log axis, a facet a corpus, those of published models hollow.

    `checkpoints` has a row a checkpoint, as `/checkpoints/compare?table=checkpoints&format=csv` gives them: id, title,
    variant, corpus, bpc_valid, bpc_part and the costs. The chosen ones (all, unless said) are strong, others faint.
    `published` is `published_table`; their multiply-adds are known only as the paper counts them, their caches are not.
    """
    strong = checkpoints["id"].isin(chosen) if chosen is not None else checkpoints["id"].notna()
    known = published.assign(bpc=published["bpc_test"].fillna(published["bpc_dev"]))
    known = known[known["flops"].notna() & (against == "flops")]
    ours = list(dict.fromkeys(checkpoints[strong]["corpus"]))
    corpora = [*ours, *(corpus for corpus in known["corpus"].unique() if corpus not in ours)]
    figure = make_subplots(1, len(corpora), subplot_titles=corpora)
    for column, corpus in enumerate(corpora, 1):
        of_corpus = checkpoints["corpus"] == corpus
        measured = comparable_bits(checkpoints[of_corpus], strong[of_corpus])
        there = measured[measured["bpc"].notna()]
        for part, name in ((~strong, "others"), (strong, "chosen")):
            rows = there[part[there.index]]
            if len(rows):
                trace = _ours(rows, against, f"{corpus}, {name}", name == "chosen")
                figure.add_trace(trace, 1, column)
        rows = known[known["corpus"] == corpus]
        if len(rows):
            figure.add_trace(_published(rows, f"{corpus}, published"), 1, column)
    figure.update_xaxes(type="log", title=COST_NAMES[against], gridcolor=GRID, zeroline=False)
    figure.update_yaxes(gridcolor=GRID, zeroline=False)
    roomy = {**LAYOUT, "margin": {"l": 64, "r": 24, "t": 40, "b": 48}}
    return figure.update_layout(**roomy, yaxis={"title": "bits per character"})


def comparable_bits(checkpoints: pd.DataFrame, chosen: pd.Series[bool]) -> pd.DataFrame:
    """With `bpc` of checkpoints of one corpus: on all of valid where each chosen one has that, else on its part."""
    whole = checkpoints[chosen]["bpc_valid"].notna().all()
    return checkpoints.assign(bpc=checkpoints["bpc_valid" if whole else "bpc_part"].astype(float))


def _ours(rows: pd.DataFrame, against: Cost, name: str, strong: bool) -> go.Scatter:
    look = [VARIANTS[variant] for variant in rows["variant"]]
    return go.Scatter(
        name=name,
        x=rows[against],
        y=rows["bpc"],
        mode="markers+text" if strong else "markers",
        text=rows["title"],
        textposition="top center",
        customdata=rows["id"],
        opacity=1 if strong else 0.3,
        marker={
            "color": [one["color"] for one in look],
            "symbol": [one["symbol"] for one in look],
            "size": 12 if strong else 8,
        },
        hovertemplate="%{customdata}<br>%{y:.2f} bits<br>%{x:,.3s}<extra></extra>",
    )


def _published(rows: pd.DataFrame, name: str) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=rows["flops"],
        y=rows["bpc"],
        mode="markers+text",
        text=rows["model"],
        textposition="top center",
        customdata=rows["source"],
        marker={"color": SOFT, "symbol": "diamond-open", "size": 9},
        hovertemplate="%{text}, %{customdata}<br>%{y:.2f} bits<br>%{x:,.3s}<extra></extra>",
    )


def side_by_side_figure(
    tables: Mapping[str, pd.DataFrame], configs: Mapping[str, ModelConfig]
) -> go.Figure:
    """The span of every head by layer, sorted within it, of two to four checkpoints on one log axis.

    Tables of `spans_table` and their models by one name each. Of `dynamic` the mean, with a bar from the 10th to the
    90th percentile over tokens.
    """
    figure = go.Figure()
    seen: dict[str, int] = {}
    for number, (name, table) in enumerate(tables.items()):
        variant = configs[name].variant
        again = seen[variant] = seen.get(variant, -1) + 1
        shift = (number - (len(tables) - 1) / 2) * 0.03
        figure.add_trace(_by_layer(table, name, variant, DASHES[again], shift))
    high = max(max(table["span"].max(), table["p90"].max()) for table in tables.values()) * 1.15
    low = min(table["p10"].min() for table in tables.values()) * 0.85
    layers = max(config.layers for config in configs.values())
    units = {config.unit for config in configs.values()}
    figure.update_layout(
        **{**LAYOUT, "showlegend": True},
        xaxis=layer_axis(layers),
        yaxis=span_axis(low, high, units.pop() if len(units) == 1 else "tokens"),
    )
    return figure


def _by_layer(table: pd.DataFrame, name: str, variant: str, dash: str, shift: float) -> go.Scatter:
    ordered = table.sort_values(["layer", "span", "head"])
    rank, heads = (
        ordered.groupby("layer").cumcount(),
        ordered.groupby("layer")["head"].transform("size"),
    )
    ordered = ordered.assign(x=ordered["layer"] + ((rank + 0.5) / heads - 0.5) * 0.8 + shift)
    # a line ends with its layer
    gaps = [part for _, rows in ordered.groupby("layer") for part in (rows, rows.iloc[:1] * np.nan)]
    drawn = pd.concat(gaps[:-1])
    bars: dict[str, Any] = {}
    if variant == "dynamic":
        above, below = drawn["p90"] - drawn["span"], drawn["span"] - drawn["p10"]
        bars = {"array": above.clip(lower=0), "arrayminus": below.clip(lower=0), "width": 0}
    keys = [
        None if math.isnan(layer) else f"L{layer:.0f}H{head:.0f}"
        for layer, head in zip(drawn["layer"], drawn["head"], strict=True)
    ]
    look = VARIANTS[variant]
    symbol = look["symbol"] if dash == "solid" else f"{look['symbol']}-open"
    return go.Scatter(
        name=name,
        x=drawn["x"],
        y=drawn["span"],
        mode="lines+markers",
        customdata=keys,
        line={"color": look["color"], "width": 1, "dash": dash},
        marker={"color": look["color"], "symbol": symbol, "size": 7},
        error_y=bars,
        hovertemplate=f"{name}<br>%{{customdata}}<br>span %{{y:.0f}}<extra></extra>",
    )
