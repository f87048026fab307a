"""What the command line prints as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from analysis.cost import (
    BYTES_PER_NUMBER,
    cache_bytes,
    flops,
    memory_bytes,
    parameters,
    training_bytes,
)
from analysis.what_if import Change, WhatIf
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
