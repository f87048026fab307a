"""What the paper leads one to expect, each held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analysis.cost import cache_bytes
from analysis.evidence.measures import Measures
from analysis.evidence.sections import Section, attention_flops, table
from analysis.evidence.trained import ADAPTIVE, DYNAMIC, FIXED, SEED, Trained
from analysis.kinds import before_words, places_in_words

CORPUS = "classics"
BITS = 0.02
"""How near two models must be to be as good as each other, bits per character."""


class Claim(NamedTuple):
    words: str
    bound: str
    measured: str
    holds: bool


def claims(runs: Mapping[str, Trained], measures: Measures) -> Section:
    found = [*_trio(runs, measures), *_shape(runs), *_best(runs, measures)]
    rows = [[one.words, one.bound, one.measured, "yes" if one.holds else "**no**"] for one in found]
    return Section(
        "What was expected", table(["on the test text", "bound", "found", "holds"], rows)
    )


def _trio(runs: Mapping[str, Trained], measures: Measures) -> Iterator[Claim]:
    fixed, adaptive, dynamic = (runs[name] for name in (FIXED, ADAPTIVE, DYNAMIC))
    bits = {name: measures.bits(runs[name], "test") for name in (FIXED, ADAPTIVE, DYNAMIC)}
    spans = {name: runs[name].spans(sample) for name, (_, sample) in bits.items()}
    more = bits[ADAPTIVE][0] - bits[FIXED][0]
    yield Claim("adaptive, bits more than fixed", f"≤ {BITS}", f"{more:+.4f}", more <= BITS)
    share = attention_flops(adaptive, spans[ADAPTIVE]) / attention_flops(fixed, spans[FIXED])
    yield Claim("its attention FLOPs, share of fixed's", "≤ 1/3", f"{share:.3f}", share <= 1 / 3)
    kept = [cache_bytes(one.model, spans[one.name]["span"].sum()) for one in (adaptive, fixed)]
    share = kept[0] / kept[1]
    yield Claim("its cache, share of fixed's", "≤ 1/3", f"{share:.3f}", share <= 1 / 3)
    more = bits[DYNAMIC][0] - bits[ADAPTIVE][0]
    yield Claim("dynamic, bits more than adaptive", f"≤ {BITS}", f"{more:+.4f}", more <= BITS)
    longer = spans[DYNAMIC]["span"].mean() / spans[ADAPTIVE]["span"].mean()
    yield Claim("its mean span over adaptive's", "≤ 1.25", f"{longer:.3f}", longer <= 1.25)
    text, along = measures.text(dynamic)
    before, inside = along[before_words(text)].mean(), along[places_in_words(text) > 1].mean()
    yield Claim(
        "its mean span at spaces, marks and newlines before words, and inside words",
        "longer before words",
        f"{before:.1f} and {inside:.1f}",
        bool(before > inside),
    )


def _shape(runs: Mapping[str, Trained]) -> Iterator[Claim]:
    for name in (ADAPTIVE, SEED):
        if name not in runs:
            continue
        one = runs[name]
        ratios = one.thirds()
        told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        words = f"{name}: mean z of the upper over the lower third, last three evaluations"
        yield Claim(words, "≥ 3", told, min(ratios) >= 3)
        z = one.spans().pivot(index="layer", columns="head", values="z").to_numpy()
        third = max(1, len(z) // 3)
        lowest, longest = z[:third].mean(), z[len(z) // 2 :].max() / one.model.span_limit
        yield Claim(f"{name}: mean z of the lowest third", "< 64", f"{lowest:.1f}", lowest < 64)
        words = f"{name}: longest z of the upper half, share of S"
        yield Claim(words, "> 0.7", f"{longest:.2f}", longest > 0.7)


def _best(runs: Mapping[str, Trained], measures: Measures) -> Iterator[Claim]:
    """Of the model that is best on valid."""
    own = [one for one in runs.values() if one.spec.corpus == CORPUS]
    best = min(own, key=lambda one: one.summary["bpc"]["valid"])
    bits, _ = measures.bits(best, "test")
    words = f"{best.name}, the best on valid: bits per character"
    yield Claim(words, "< 1.95", f"{bits:.4f}", bits < 1.95)
