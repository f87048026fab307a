"""Which places of a corpus are shown of a head: where it uses distance most, and others drawn at quantiles of use.

The *use* of a head at a token is the sum of weight times distance over the text, in tokens; what falls before the text
counts 0. Candidates of any parts are merged in any order to what all of them together would give.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

MOST, QUANTILES, EACH = 8, (0.99, 0.9, 0.5, 0.1), 2
"""How many passages of the most use a head has, and how many at each of the quantiles."""
SPACING = 256
"""Two passages of the most use lie at least so many tokens apart; parts are whole multiples of it."""
KEPT = 3 * MOST
"""Each passage chosen forbids at most the best of the stretches of SPACING tokens before and after its own."""
KEYS = 32
"""Of a passage so many keys are told, those read most."""
PER_OCTAVE = 8
"""Bins of use."""

CANDIDATE = np.dtype(
    [
        ("head", "i4"),  # layer * heads + head
        ("source", "i4"),
        ("place", "i8"),
        ("hash", "i8"),
        ("use", "f8"),
        ("span", "f8"),
        ("distance", "f8"),
        ("entropy", "f8"),
        ("outside", "f8"),
        (
            "distances",
            "i4",
            (KEYS,),
        ),  # of the keys read most, the most first; 0 where there are fewer
        ("weights", "f4", (KEYS,)),
    ]
)
Candidates = npt.NDArray[np.void]


def use_bins(limit: int) -> int:
    """How many bins there are for a use from 0 to the span limit."""
    return math.floor(PER_OCTAVE * math.log2(limit)) + 2


def use_bin(use: Tensor) -> Tensor:
    """The bin of each use, int64: 0 below 1, then so many an octave."""
    return (PER_OCTAVE * use.double().clamp(min=0.5).log2()).floor().long().add_(1).clamp_(min=0)


def use_edges(limit: int) -> npt.NDArray[np.float64]:
    """Bin i holds from edges[i] up to, not including, edges[i + 1]."""
    above: npt.NDArray[np.float64] = 2 ** (np.arange(use_bins(limit)) / PER_OCTAVE)
    return np.insert(above, 0, 0)


def hashes(digest: str, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A draw from [0, 2^63) for each place of a source, by splitmix64 (Steele et al. 2014)."""
    x = (places.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64(int(digest[:16], 16))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def best(candidates: Candidates) -> Candidates:
    """Of each head the KEPT stretches of SPACING tokens with the highest use, each by its first token that has it."""
    c = candidates[np.lexsort((candidates["place"], candidates["source"], -candidates["use"]))]
    c = c[_firsts(c["head"], c["source"], c["place"] // SPACING)]
    c = c[np.argsort(c["head"], kind="stable")]
    _, first, count = np.unique(c["head"], return_index=True, return_counts=True)
    return c[np.arange(len(c)) - np.repeat(first, count) < KEPT]


def drawn(candidates: Candidates) -> Candidates:
    """Of each head and bin of use the token with the smallest hash."""
    c = candidates[np.lexsort((candidates["place"], candidates["source"], candidates["hash"]))]
    return c[_firsts(c["head"], use_bin(torch.from_numpy(c["use"].copy())).numpy())]


def _firsts(*keys: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """The places of the first of those whose keys are all the same, in order."""
    whole = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        whole = whole * (int(key.max(initial=0)) + 1) + key
    found: npt.NDArray[np.int64] = np.sort(np.unique(whole, return_index=True)[1])
    return found


def most_used(of_head: Candidates) -> Candidates:
    """The passages of the most use, from the `best` of one head."""
    chosen: list[int] = []
    for number, own in enumerate(of_head):
        near = any(
            own["source"] == of_head[other]["source"]
            and abs(own["place"] - of_head[other]["place"]) < SPACING
            for other in chosen
        )
        if not near and len(chosen) < MOST:
            chosen.append(number)
    return of_head[chosen]


def at_quantiles(of_head: Candidates, uses: npt.NDArray[np.float64]) -> list[Candidates]:
    """The passages nearest to each use (tokens), none of them twice, from the `drawn` of one head."""
    remaining, found = of_head, []
    for use in uses:
        away = np.abs(np.log2(remaining["use"].clip(min=0.5)) - math.log2(max(0.5, use)))
        order = np.argsort(away, kind="stable")
        found.append(remaining[np.sort(order[:EACH])])
        remaining = remaining[np.sort(order[EACH:])]
    return found


def quantile(counts: npt.NDArray[np.integer], share: float, limit: int) -> float:
    """The use below which lies a share of the tokens [bins], as if they were evenly spread in their bin."""
    within, edges = np.cumsum(counts), use_edges(limit)
    number = int(np.searchsorted(within, share * within[-1]))
    before = within[number] - counts[number]
    part = (share * within[-1] - before) / max(1, counts[number])
    return float(edges[number] + part * (edges[number + 1] - edges[number]))
