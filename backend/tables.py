"""What the command line prints as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from analysis.cost import (
    BYTES_PER_NUMBER,
    cache_bytes,
    flops,
    head_flops,
    memory_bytes,
    parameters,
    training_bytes,
)
from analysis.spans import costs, spans_table
from analysis.what_if import Change, WhatIf
from backend.catalogue import Entry
from backend.origins import Told
from model.config import RunSpec
from model.evaluate import SpanSample
from model.presets import PRESETS

NOTES = """\
FLOPs: multiply-adds a token for fixed spans at S, as the paper counts them; learned ones cost less.
+q.p: the same with the product of queries and positions, which the paper leaves out.
cache: keys and values of one text, all spans at S.
state: weights, gradients and the optimizer's sums.
inputs: what the layers remember of a batch, all spans at S.
All in float32; activations come on top."""


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A line a row: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        [row[0].ljust(widths[0])]
        + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        for row in rows
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def settings_table(settings: Sequence[Told]) -> str:
    """A line a setting: its name, its value, where that comes from, what it is."""
    rows = [("setting", "value", "from", ""), *map(astuple, settings)]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    lines = (
        (cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True)) for row in rows
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def scaled(number: float, decimals: int = 1) -> str:
    """1,384,000 as `1.4M`."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.{decimals}f}{prefix}"
    return f"{number:.{decimals}f}"


def _bytes(number: float) -> str:
    return scaled(number, 0 if number < 1e9 else 1) + "B"


def presets_table() -> str:
    """The presets, and what they cost: sizes, then training. At most 100 columns wide."""
    sizes, training = zip(*map(_preset, PRESETS, PRESETS.values()), strict=True)
    head = ["preset", "variant", "layers", "heads", "D", "FF", "S", "M", "parameters"]
    head_of_training = ["preset", "corpus", "batch", "steps", "tokens", "optimizer"]
    return "\n\n".join(
        [
            aligned([[*head, "FLOPs", "+q.p"], *sizes]),
            aligned([[*head_of_training, "weights", "cache", "state", "inputs"], *training]),
            NOTES,
        ]
    )


def _preset(name: str, spec: RunSpec) -> tuple[list[str], list[str]]:
    model, training = spec.model, spec.training
    count, limit = parameters(model), model.span_limit
    shape = (model.layers, model.heads, model.hidden, model.inner, limit, training.block)
    sizes = [name, model.variant, *map(str, shape), f"{count:,}"]
    sizes += [scaled(flops(model, limit, positions=positions)) for positions in (False, True)]
    read = scaled(training.steps * training.batch * training.block)
    bytes_of = (BYTES_PER_NUMBER * count, cache_bytes(model, model.layers * model.heads * limit))
    return sizes, [
        name,
        spec.corpus,
        str(training.batch),
        f"{training.steps:,}",
        read,
        training.optimizer,
        *map(_bytes, (*bytes_of, training_bytes(spec), memory_bytes(spec))),
    ]


def change_table(change: WhatIf) -> str:
    """What cutting spans changes."""

    def row(name: str, of: Change, digits: int) -> list[str]:
        share = f"{of.after / of.before - 1:+.1%}" if of.before else ""
        return [name, *(f"{x:,.{digits}f}" for x in (of.before, of.after)), share]

    bpc = change.bpc
    bits = [f"{bpc.before:.4f}", f"{bpc.after:.4f}", f"{bpc.after - bpc.before:+.4f}"]
    return aligned(
        [
            ["", "before", "after", "change"],
            ["bits per character", *bits],
            row("FLOPs a token", change.flops, 0),
            row("cache, bytes", change.cache_bytes, 0),
            row("seconds", change.seconds, 2),
        ]
    )


def trim_table(parent: Entry, trimmed: Entry, pace: Change) -> str:
    """A checkpoint before and after it was trimmed; `pace` in tokens a second."""
    both = (parent, trimmed)
    tables = [spans_table(one.z, one.spec.model, one.sample) for one in both]
    cost = [costs(table, one.spec.model) for one, table in zip(both, tables, strict=True)]
    of_heads = [sum(head_flops(parent.spec.model, x) for x in table["span"]) for table in tables]

    def bits(split: str) -> list[str]:
        before, after = (one.summary["bpc"][split] for one in both)
        known = before is not None
        told = [f"{before:.4f}" if known else "", f"{after:.4f}"]
        return [f"bits per character, {split}", *told, f"{after - before:+.4f}" if known else ""]

    def row(name: str, before: float, after: float) -> list[str]:
        return [name, f"{before:,.0f}", f"{after:,.0f}", f"{after / before - 1:+.1%}"]

    return aligned(
        [
            ["", "before", "after", "change"],
            bits("valid"),
            bits("test"),
            row("FLOPs a token", *(one["flops"] for one in cost)),
            row("of attention over distances", *of_heads),
            row("cache, bytes", *(one["cache_bytes"] for one in cost)),
            row("tokens a second", pace.before, pace.after),
        ]
    )


def sample_table(sample: SpanSample) -> str:
    """How the spans of a dynamic model moved, tokens: means over the heads of each layer, and over all."""
    columns = {
        "mean": sample.span,
        "p10": sample.p10,
        "p50": sample.p50,
        "p90": sample.p90,
        "paid": sample.paid,
    }
    layers = [
        [
            f"layer {number}",
            *(f"{of_heads[number].double().mean():.1f}" for of_heads in columns.values()),
        ]
        for number in range(len(sample.span))
    ]
    whole = ["all", *(f"{of_heads.double().mean():.1f}" for of_heads in columns.values())]
    return aligned([["spans", *columns], *layers, whole])
