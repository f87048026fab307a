"""What long spans are good for in source code: names that were last seen far above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from analysis.evidence.measures import Measures
from analysis.evidence.sections import Section, table
from analysis.evidence.trained import Trained
from model.evaluate import stream
from model.transformer import Transformer

NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{3,}")
TOKENS = 300_000
"""Of the test text."""
CUTS = (512, 64)
"""Tokens that every head is cut to, in place of the span it learned."""
LONGEST = 5
NEVER, NO_NAME = np.iinfo(np.int64).max, -1


def last_seen(text: bytes) -> npt.NDArray[np.int64]:
    """How far back its name was last seen [T], bytes, at each byte of a name but the first: NEVER for a new name,
    NO_NAME elsewhere.

    The first byte of a name is left out: nothing before it says which name comes.
    """
    found = np.full(len(text), NO_NAME, np.int64)
    seen = dict[bytes, int]()
    for name in NAME.finditer(text):
        before = seen.get(name[0])
        found[name.start() + 1 : name.end()] = NEVER if before is None else name.start() - before
        seen[name[0]] = name.start()
    return found


def places(distance: npt.NDArray[np.int64], span_limit: int) -> dict[str, npt.NDArray[np.bool_]]:
    """The bytes of a text [T] by where a name was last seen."""
    near, far = CUTS[0], span_limit
    known = (distance >= 0) & (distance < NEVER)
    return {
        f"inside a name last seen {near} bytes back or less": known & (distance <= near),
        f"inside a name last seen {near} to {far:,} bytes back": (distance > near)
        & (distance <= far),
        f"inside a name last seen more than {far:,} bytes back": known & (distance > far),
        "inside a name not seen before": distance == NEVER,
        "elsewhere": distance == NO_NAME,
    }


def bits(net: Transformer, tokens: npt.NDArray[np.uint8], cut: int | None) -> npt.NDArray[Any]:
    """Of every token [T] but the first, with every head cut to so many tokens where that is given."""
    heads = [(i, j) for i in range(net.config.layers) for j in range(net.config.heads)]
    cuts = [(*head, cut) for head in heads] if cut else []
    with net.cut(cuts):
        read = stream(net, torch.from_numpy(tokens.astype(np.int64))[None])
        return torch.cat([block[0] for block, _ in read]).numpy()


def losses(net: Transformer, tokens: npt.NDArray[np.uint8]) -> list[list[Any]]:
    """By where a name was last seen: how many tokens, their mean bits, and for each cut the bits that it costs and
    their standard error, as if tokens were independent. Places of fewer than two tokens are left out.
    """
    groups = places(last_seen(tokens.tobytes())[1:], net.config.span_limit)
    whole = bits(net, tokens, None)
    more = [bits(net, tokens, cut) - whole for cut in CUTS]
    rows = list[list[Any]]()
    for name, chosen in {**groups, "everywhere": np.full(len(whole), True)}.items():
        count = int(chosen.sum())
        if count < 2:
            continue
        row: list[Any] = [name, count, float(whole[chosen].mean())]
        for lost in (each[chosen] for each in more):
            row += [float(lost.mean()), float(lost.std(ddof=1) / np.sqrt(count))]
        rows.append(row)
    return rows


def far_names(models: Sequence[Trained], measures: Measures) -> Section:
    """Of models of source code."""
    said = f"The first {TOKENS:,} bytes of test, read with the spans as learned and again with every head cut."
    parts = [said, *(_reading(one, measures) for one in models)]
    return Section("Long spans over source code", "\n\n".join(parts))


def _reading(one: Trained, measures: Measures) -> str:
    valid, test = (measures.bits(one, split)[0] for split in ("valid", "test"))
    spans = one.spans()
    longest = ", ".join(
        f"L{row['layer']}H{row['head']} {row['span']:,.0f}"
        for row in spans.nlargest(LONGEST, "span").to_dict("records")
    )
    tokens = measures.corpus(one).test[:TOKENS]
    rows = [
        [name, f"{count:,}", f"{mean:.3f}", *(f"{number:+.4f}" for number in lost)]
        for name, count, mean, *lost in measures.kept(
            [one], "far names", lambda: losses(one.net(), tokens)
        )
    ]
    head = ["at", "tokens", "bits"]
    for cut in CUTS:
        head += [f"more with every head cut to {cut}", "standard error"]
    config = one.model
    return (
        f"`{one.name}`: S {config.span_limit:,}, ramp {config.ramp}, lambda {one.spec.training.span_penalty:g}, "
        f"{one.summary['tokens']:,} tokens of `{one.spec.corpus}`; bpc valid {valid:.4f}, test {test:.4f}. "
        f"Mean span {spans['span'].mean():.1f}; the longest, tokens: {longest}.\n\n{table(head, rows)}"
    )
