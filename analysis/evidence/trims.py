"""Spans by trimming, for a model that learned its spans and for one that never had any; beyond the paper."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go

from analysis.compare_figures import VARIANTS
from analysis.cost import cache_bytes
from analysis.evidence.sections import Section, attention_flops, table
from analysis.evidence.trained import ADAPTIVE, FIXED, Trained, found
from analysis.figures import GRID, LAYOUT
from analysis.needs import path_table
from model.config import Budget
from model.trim import trim_to

KEPT = 0.01
"""Bits per character that a trim may lose."""
DRAWN = (32, 64, 128, 256, 512)
"""Mean spans that the axis names, tokens; nothing is drawn below the first."""
FIXED_TRIMMED, FIXED_ALIKE, ADAPTIVE_TRIMMED = TRIMS = (
    f"{FIXED}-trimmed",
    f"{FIXED}-alike",
    f"{ADAPTIVE}-trimmed",
)
"""To `KEPT`; to the attention FLOPs of the adaptive model; to `KEPT`."""


def trims(runs: Mapping[str, Trained], folder: Path, data: Path | None) -> dict[str, Trained]:
    """The three trims of a folder of runs, made where they are not there yet."""
    fixed, adaptive = runs[FIXED], runs[ADAPTIVE]
    share = float(adaptive.spans()["span"].mean()) / fixed.model.span_limit
    wanted = {
        FIXED_TRIMMED: (fixed, Budget("bpc", KEPT)),
        FIXED_ALIKE: (fixed, Budget("flops", share)),
        ADAPTIVE_TRIMMED: (adaptive, Budget("bpc", KEPT)),
    }
    for name, (parent, budget) in wanted.items():
        if not (folder / name).exists():
            print(f"{name}: trimming", file=sys.stderr)
            trim_to(parent.folder, budget, folder / name, lambda *_: None, data)
    return found(TRIMS, [folder])


def trimming(
    runs: Mapping[str, Trained], trimmed: Mapping[str, Trained], paces: Mapping[str, float]
) -> Section:
    """Parents beside their trims, and the way from one to the other."""
    whole = attention_flops(runs[FIXED], runs[FIXED].spans())
    rows = []
    shown = [runs[FIXED], trimmed[FIXED_TRIMMED], trimmed[FIXED_ALIKE]]
    shown += [runs[ADAPTIVE], trimmed[ADAPTIVE_TRIMMED]]
    for one in shown:
        spans, bpc = one.spans(), one.summary["bpc"]
        spent = attention_flops(one, spans)
        rows.append(
            [
                one.name,
                f"{bpc['valid']:.4f}",
                f"{bpc['test']:.4f}",
                f"{spans['span'].mean():.1f}",
                f"{spent:,.0f}",
                f"{spent / whole:.1%}",
                f"{cache_bytes(one.model, spans['span'].sum()):,.0f}",
                f"{paces[one.name]:,.0f}",
            ]
        )
    head = ["model", "bpc valid", "bpc test", "mean span", "attention FLOPs", "of fixed's"]
    head += ["cache bytes", "tokens a second"]
    figure = go.Figure()
    for name, variant in ((FIXED_ALIKE, "fixed"), (ADAPTIVE_TRIMMED, "adaptive")):
        path = json.loads((trimmed[name].run.folder / "trim.json").read_text(encoding="utf-8"))
        points, look = path_table(path, trimmed[name].model), VARIANTS[variant]
        points = points[points["mean_span"] >= DRAWN[0]]
        figure.add_scatter(
            x=points["mean_span"],
            y=points["bpc"],
            name=f"{variant}, trimmed",
            mode="lines+markers",
            line={"color": look["color"]},
            marker={"symbol": look["symbol"], "size": [13] + [6] * (len(points) - 1)},
        )
    figure.update_layout(**{**LAYOUT, "showlegend": True})
    figure.update_xaxes(type="log", tickvals=DRAWN, title="mean span, tokens", gridcolor=GRID)
    figure.update_yaxes(title="bits per character, valid", gridcolor=GRID)
    return Section("Spans by trimming", table(head, rows), {"trims.svg": figure})
