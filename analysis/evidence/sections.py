"""The sections of docs/evidence.md: Markdown, and the figures it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.compare_figures import VARIANTS, side_by_side_figure
from analysis.cost import flops
from analysis.curves import curves_figure
from analysis.evidence.measures import BEGINNING, Measures
from analysis.evidence.trained import (
    ADAPTIVE,
    DYNAMIC,
    FIXED,
    LARGE,
    LIMITED,
    PENALTIES,
    SEED,
    SOURCES,
    TRIO,
    Trained,
)
from analysis.figures import GRID, LAYOUT, along_figure, spans_figure
from analysis.kinds import KINDS, before_words, in_names, kinds, places_in_words
from analysis.spans import costs

SHOWN = (20_000, 20_100)
"""Characters of the test text that the figure along a text shows."""
VISIBLE = {"\n": "⏎", " ": "·"}
Runs = Mapping[str, Trained]


@dataclass
class Section:
    title: str
    text: str
    figures: dict[str, go.Figure] = field(default_factory=dict)
    """By file name."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """As Markdown: names to the left, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def spans_by_layer(runs: Runs) -> Section:
    trio = {name: runs[name] for name in TRIO if name in runs}
    figures = {
        "spans-trio.svg": side_by_side_figure(
            {name: one.spans() for name, one in trio.items()},
            {name: one.model for name, one in trio.items()},
        )
    }
    known = [runs[name] for name in (*TRIO, SEED, LARGE, *SOURCES) if name in runs]
    most = max(one.model.layers for one in known)
    lines = list[list[str]]()
    for one in known:
        z = one.spans().pivot(index="layer", columns="head", values="z")
        upper = z.loc[len(z) // 2 :].to_numpy().max() / one.model.span_limit
        thirds = ", ".join(f"{ratio:.2f}" for ratio in one.thirds())
        layers = [f"{length:.0f}" for length in z.mean(axis=1)] + [""] * (most - len(z))
        lines.append([one.name, *layers, thirds, f"{upper:.2f} S"])
        if one.name in (LARGE, *SOURCES):
            figures[f"spans-{one.name}.svg"] = spans_figure(one.spans(), one.model)
    head = ["mean z, tokens", *(f"layer {layer}" for layer in range(most))]
    head += ["upper / lower third, last three evaluations", "longest z of the upper half"]
    return Section("Spans by layer", table(head, lines), figures)


def cost(runs: Runs, measures: Measures, paces: Mapping[str, float]) -> Section:
    rows = []
    for name in (*TRIO, LARGE):
        if name not in runs:
            continue
        one = runs[name]
        valid, _ = measures.bits(one, "valid")
        test, sample = measures.bits(one, "test")
        spans = one.spans(sample)
        all_costs = costs(spans, one.model)
        rows.append(
            [
                name,
                f"{valid:.4f}",
                f"{test:.4f}",
                f"{measures.beginning(one):.4f}",
                f"{spans['span'].mean():.1f}",
                f"{all_costs['flops']:,.0f}",
                f"{all_costs['flops_with_positions']:,.0f}",
                f"{attention_flops(one, spans):,.0f}",
                f"{all_costs['cache_bytes']:,.0f}",
                f"{paces[name]:,.0f}",
            ]
        )
    head = [
        "model",
        "bpc valid",
        "bpc test",
        f"its first {BEGINNING:,}",
        "mean span",
        "FLOPs",
        "with positions",
    ]
    head += ["of attention", "cache bytes", "tokens a second"]
    return Section("Bits, spans and cost", table(head, rows))


def attention_flops(one: Trained, spans: pd.DataFrame) -> float:
    """What scores and mixing cost a token, without the projections, which no span changes."""
    mean = float(spans["span"].mean())
    return flops(one.model, mean) - flops(one.model, 0)


def by_limit(runs: Runs) -> Section:
    pairs = {**LIMITED, 512: (FIXED, ADAPTIVE)}
    compared = compared_tokens(runs, [name for pair in pairs.values() for name in pair])
    points = []
    for limit, names in sorted(pairs.items()):
        for name in names:
            if name in runs:
                one, end = runs[name], runs[name].at(compared)
                spent = flops(one.model, float(end["mean_span"]))
                points.append((one.model.variant, limit, end["bpc"], end["mean_span"], spent))
    known = pd.DataFrame(points, columns=["variant", "limit", "bpc", "span", "flops"])
    figure = make_subplots(1, 2, horizontal_spacing=0.14)
    for variant, rows in known.groupby("variant"):
        look = VARIANTS[str(variant)]
        for column, value in ((1, "bpc"), (2, "flops")):
            figure.add_scatter(
                x=rows["limit"],
                y=rows[value],
                name=str(variant),
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": look["color"]},
                marker={"symbol": look["symbol"], "size": 9},
                row=1,
                col=column,
            )
    figure.update_layout(**{**LAYOUT, "showlegend": True})
    figure.update_xaxes(type="log", tickvals=sorted(pairs), title="span limit S", gridcolor=GRID)
    figure.update_yaxes(title="bits per character", gridcolor=GRID, row=1, col=1)
    figure.update_yaxes(title="multiply-adds a token", gridcolor=GRID, row=1, col=2)
    lines = [
        [limit, variant, f"{bpc:.4f}", f"{span:.1f}", f"{spent:,.0f}"]
        for variant, limit, bpc, span, spent in points
    ]
    head = ["S", "variant", "bpc, part of valid", "mean span", "FLOPs a token"]
    text = f"After {compared:,} tokens.\n\n{table(head, lines)}"
    return Section("Bits and cost against the span limit", text, {"limits.svg": figure})


def compared_tokens(runs: Runs, names: Iterable[str]) -> int:
    """How many tokens all of the runs were evaluated after: the end of the shortest."""
    return min(int(runs[name].curves["tokens"].max()) for name in names if name in runs)


def movement(runs: Runs, measures: Measures) -> Section:
    text, spans = measures.text(runs[DYNAMIC])
    kind, place = kinds(text), places_in_words(text)
    groups = {name: kind == name for name in KINDS}
    groups["before a word: space, mark or newline"] = before_words(text)
    groups |= {f"letter {number} of a word": place == number for number in (1, 2, 3, 4, 5)}
    groups["letter 6 and on"] = place > 5
    named = in_names(text) & (place > 1)
    groups["inside a name"] = named
    groups["inside another word"] = (place > 1) & ~named
    rows = [
        [name, f"{chosen.sum():,}", *(f"{number:.2f}" for number in _mean_and_error(spans[chosen]))]
        for name, chosen in groups.items()
    ]
    low, median, high = np.percentile(spans, [10, 50, 90])
    start, stop = SHOWN
    shown = text[start:stop]
    reading = pd.DataFrame({"start": range(len(shown)), "span": spans[start:stop]})
    reading["end"] = reading["start"] + 1
    body = (
        f"Mean span of all heads over {len(spans):,} tokens of test: {spans.mean():.1f}, standard deviation "
        f"{spans.std():.1f}; 10th, 50th and 90th percentile {low:.1f}, {median:.1f}, {high:.1f}.\n\n"
        + table(["at", "tokens", "mean span", "standard error"], rows)
    )
    figure = along_figure(reading, shown).update_xaxes(
        tickvals=list(range(len(shown))),
        ticktext=[VISIBLE.get(character, character) for character in shown],
        tickangle=0,
        tickfont={"family": "monospace", "size": 11},
        showgrid=False,
        title=f"the test text from byte {start:,} on",
    )
    return Section("The dynamic span along a text", body, {"along.svg": figure})


def _mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """The mean, and its standard error as if the values were independent."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def growth(runs: Runs) -> Section:
    figures = {}
    rows = []
    for name in (ADAPTIVE, DYNAMIC):
        if name not in runs:
            continue
        one = runs[name]
        figures[f"growth-{name}.svg"] = curves_figure(one.curves, one.model).update_layout(
            height=520
        )
        marks = np.unique(np.linspace(0, len(one.curves) - 1, 8).round().astype(int))
        for row in one.curves.iloc[marks].to_dict("records"):
            layers = [f"{row[f'span L{layer}']:.0f}" for layer in range(one.model.layers)]
            rows.append([name, f"{row['tokens']:,.0f}", f"{row['bpc']:.3f}", *layers])
    depth = max(len(row) for row in rows) - 3
    head = [
        "model",
        "tokens read",
        "bpc, part of valid",
        *(f"span, layer {i}" for i in range(depth)),
    ]
    return Section("Spans over training", table(head, rows), figures)


def settings(runs: Runs) -> Section:
    parts = []
    for middle, others in ((ADAPTIVE, (SEED,)), (DYNAMIC, ())):
        low, high = PENALTIES[middle]
        known = [name for name in (low, middle, high, *others) if name in runs]
        if len(known) > 1:
            compared = compared_tokens(runs, known)
            parts.append(
                f"After {compared:,} tokens:\n\n{_compared_settings(runs, known, compared)}"
            )
    return Section("The penalty, and another seed", "\n\n".join(parts))


def _compared_settings(runs: Runs, names: Iterable[str], tokens: int) -> str:
    rows = []
    for name in names:
        one, end = runs[name], runs[name].at(tokens)
        rows.append(
            [
                name,
                f"{one.spec.training.span_penalty:g}",
                one.spec.seed,
                f"{end['bpc']:.4f}",
                f"{end['mean_span']:.1f}",
                f"{one.thirds(tokens)[-1]:.2f}",
            ]
        )
    head = ["run", "lambda", "seed", "bpc, part of valid", "mean span", "upper / lower third"]
    return table(head, rows)
