"""What each head needs, and the path of a trim: tables and figures of what `model.needs` and `model.trim` measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analysis.cost import cache_bytes, flops
from analysis.figures import ACCENT, GRID, LAYOUT, MARKS, log_ticks
from model.config import ModelConfig
from model.needs import Loss

NEEDED_BITS = 0.001
"""A head needs what it cannot be cut below without losing so many bits a token."""


def tried(losses: Sequence[Loss]) -> dict[tuple[int, int], list[Loss]]:
    """By head, from the bottom: what it loses where it alone is cut, the longest span first."""
    alone = {loss.cuts[0]: loss for loss in losses if len(loss.cuts) == 1}
    found = dict[tuple[int, int], list[Loss]]()
    for layer, head, span in sorted(alone, key=lambda cut: (cut[0], cut[1], -cut[2])):
        found.setdefault((layer, head), []).append(alone[layer, head, span])
    return found


def needs_table(losses: Sequence[Loss]) -> pd.DataFrame:
    """A row a head and span that it was tried with: layer, head, span (tokens), bits a token lost, their standard error."""
    rows = [(*x.cuts[0], x.bits, x.error) for of_head in tried(losses).values() for x in of_head]
    return pd.DataFrame(rows, columns=["layer", "head", "span", "bits", "error"])


def needed_spans(spans: pd.DataFrame, losses: Sequence[Loss]) -> dict[tuple[int, int], float]:
    """By head that was measured: the shortest span with which, as with all longer ones, it loses less than NEEDED_BITS;
    its own, where each that was tried loses more. Tokens; `spans` as `spans_table`.
    """
    places = zip(spans["layer"].tolist(), spans["head"].tolist(), strict=True)
    own, found = (
        dict(zip(places, spans["span"].tolist(), strict=True)),
        dict[tuple[int, int], float](),
    )
    for place, of_head in tried(losses).items():
        enough = takewhile(lambda loss: loss.bits < NEEDED_BITS, of_head)
        found[place] = min([own[place], *(loss.cuts[0][2] for loss in enough)])
    return found


def needs_figure(table: pd.DataFrame, config: ModelConfig) -> go.Figure:
    """What every head loses against the span that is left to it, log axis."""
    figure = go.Figure()
    for place, rows in table.groupby(["layer", "head"]):
        name = "L{}·H{}".format(*place)
        figure.add_scatter(
            x=rows["span"].tolist(),
            y=rows["bits"].tolist(),
            name=name,
            mode="lines+markers",
            line={"color": MARKS, "width": 1},
            marker={"size": 4},
            error_y={"array": rows["error"].fillna(0).tolist(), "thickness": 0.5, "width": 0},
            hovertemplate=f"{name}<br>span %{{x}} {config.unit}<br>%{{y:.4f}} bits lost<extra></extra>",
        )
    return figure.update_layout(
        **LAYOUT,
        xaxis={
            "type": "log",
            "range": [0, math.log10(config.span_limit * 1.12)],
            "tickvals": log_ticks(1, config.span_limit),
            "title": {"text": f"span left, {config.unit} back"},
            "gridcolor": GRID,
        },
        yaxis={"title": {"text": "bits lost"}, "gridcolor": GRID},
    )


def path_table(path: Mapping[str, Any], config: ModelConfig) -> pd.DataFrame:
    """A row a point of a trim's path (trim.json), from the parent on: mean_span (tokens), flops (multiply-adds a token,
    as the paper counts them), flops_with_positions, cache_bytes, bits lost on the sample and their standard error, bpc, chosen.

    bpc is that of all of valid for the parent and the chosen point; of the others, the parent's and what the sample lost.
    """
    table = pd.DataFrame(path["points"])[["mean_span", "kept", "bits", "error"]]
    valid = path["valid"]
    table["flops"] = [flops(config, mean) for mean in table["mean_span"]]
    table["flops_with_positions"] = [
        flops(config, mean, positions=True) for mean in table["mean_span"]
    ]
    table["cache_bytes"] = [cache_bytes(config, kept) for kept in table["kept"]]
    table["chosen"] = table.index == path["chosen"]
    table["bpc"] = (valid["before"] + table["bits"]).where(~table["chosen"], valid["after"])
    columns = ["mean_span", "flops", "flops_with_positions", "cache_bytes", "bits", "error", "bpc"]
    return table[[*columns, "chosen"]]


def path_figure(table: pd.DataFrame) -> go.Figure:
    """Bits per character along the path of a trim, against multiply-adds."""
    figure = go.Figure()
    figure.add_scatter(
        x=table["flops"].tolist(),
        y=table["bpc"].tolist(),
        error_y={"array": table["error"].fillna(0).tolist(), "thickness": 1, "width": 0},
        mode="lines+markers",
        line={"color": MARKS, "width": 1.5},
        marker={
            "size": [12 if chosen else 6 for chosen in table["chosen"]],
            "color": [ACCENT if chosen else MARKS for chosen in table["chosen"]],
        },
        customdata=table[["mean_span"]].to_numpy(),
        hovertemplate="%{y:.3f} bits<br>%{x:,.0f} multiply-adds a token<br>mean span %{customdata[0]:.0f}<extra></extra>",
    )
    return figure.update_layout(
        **LAYOUT,
        xaxis={"title": {"text": "multiply-adds a token"}, "gridcolor": GRID},
        yaxis={"title": {"text": "bits per character"}, "gridcolor": GRID},
    )
