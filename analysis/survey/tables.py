"""The tables of a survey, from the sums over its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.kinds import KINDS
from analysis.survey.characters import as_bytes, characters, written
from analysis.survey.examples import (
    QUANTILES,
    Candidates,
    at_quantiles,
    best,
    drawn,
    most_used,
    quantile,
)
from analysis.survey.groupings import GROUPS
from analysis.survey.sources import Source
from analysis.survey.work import Arrays
from model.alphabets import Alphabet
from model.config import ModelConfig, alphabet_of
from model.head_use import log_edges

ENOUGH = 100
"""Tokens of a kind, for its mean to count."""
BEFORE, AFTER = (64, 1024), 64
"""How many tokens of text a passage is shown with: at least and at most before its place, and after it."""
SUMMED = ("tokens", "sums", "lengths", "by_distance", "uses", "seconds")

Floats = npt.NDArray[np.float64]


def added(total: Arrays | None, part: Arrays) -> Arrays:
    """What is known of some parts and of one more."""
    if total is None:
        return part
    summed = {name: total[name] + part[name] for name in SUMMED}
    return summed | {
        "best": best(np.concatenate([total["best"], part["best"]])),
        "drawn": drawn(np.concatenate([total["drawn"], part["drawn"]])),
    }


class _Means:
    """Means of heads [N] in a row and groups [G], NaN where there is nothing to take them of; spans are counts."""

    def __init__(self, total: Arrays) -> None:
        mass, use, entropy = np.split(total["sums"], [-2, -1], 2)
        self.tokens: Floats = total["tokens"]
        self.spans = total["lengths"][..., 2:].astype(np.int64)
        inside = mass.sum(2)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mass: Floats = mass / self.tokens[:, None]
            self.use: Floats = use[..., 0] / self.tokens
            self.z: Floats = total["lengths"][..., 0] / self.tokens
            self.span: Floats = total["lengths"][..., 1] / self.tokens
            self.distance: Floats = use[..., 0] / inside
            self.entropy: Floats = (entropy[..., 0] / inside).clip(min=0)
            self.outside: Floats = (1 - inside / self.tokens).clip(min=0)


def heads_table(total: Arrays, config: ModelConfig) -> pd.DataFrame:
    """A row a head."""
    means, limit = _Means(total), config.span_limit
    everything = GROUPS.index(("all", "all"))
    columns: dict[str, object] = {
        **_heads(config),
        "tokens": int(means.tokens[everything]),
        "z": means.z[:, everything],
        "span": means.span[:, everything],
        "use": means.use[:, everything],
        "mean_distance": means.distance[:, everything],
        "distance_90": _distance_90(total["by_distance"]),
        "entropy": means.entropy[:, everything],
        "outside": means.outside[:, everything],
    }
    for share in sorted(QUANTILES):
        columns[f"use_{share * 100:.0f}"] = [quantile(own, share, limit) for own in total["uses"]]
    first = GROUPS.index(("kind", KINDS[0]))
    of_kinds = slice(first, first + len(KINDS))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = means.use[:, of_kinds] / means.use[:, [everything]]
    ratio = np.where((means.tokens[of_kinds] >= ENOUGH) & np.isfinite(ratio), ratio, -np.inf)
    top = ratio.max(1)
    columns["answers_to"] = np.where(top >= 0, np.array(KINDS, object)[ratio.argmax(1)], None)
    columns["answers_to_ratio"] = np.where(top >= 0, top, np.nan)
    return pd.DataFrame(columns)


def _distance_90(by_distance: Floats) -> npt.NDArray[np.int64]:
    """The least distance within which lie 90% of the attention inside the text [N], 0 where none does."""
    within = by_distance.cumsum(1)
    total = within[:, -1:]
    distance: npt.NDArray[np.int64] = (within < 0.9 * total).sum(1) + 1
    return distance * (total[:, 0] > 0)


def _heads(config: ModelConfig) -> dict[str, npt.NDArray[Any]]:
    layer, head = np.divmod(np.arange(config.layers * config.heads), config.heads)
    return {"layer": layer, "head": head}


def groups_table(total: Arrays, config: ModelConfig) -> pd.DataFrame:
    """A row a head and group."""
    means = _Means(total)
    shape = means.use.shape
    return pd.DataFrame(
        {
            **_of_heads_and_groups(config),
            "tokens": np.broadcast_to(means.tokens.astype(np.int64), shape).ravel(),
            "z": means.z.ravel(),
            "span": means.span.ravel(),
            "use": means.use.ravel(),
            "mean_distance": means.distance.ravel(),
            "entropy": means.entropy.ravel(),
            "outside": means.outside.ravel(),
        }
    )


def mass_table(total: Arrays, config: ModelConfig) -> pd.DataFrame:
    """A row a head, group and bin of distances."""
    edges = np.array(log_edges(config.span_limit))
    bins, means = len(edges) - 1, _Means(total)
    rows = means.use.size
    return pd.DataFrame(
        {
            **{name: np.repeat(of, bins) for name, of in _of_heads_and_groups(config).items()},
            "first": np.tile(edges[:-1], rows),
            "last": np.tile(edges[1:] - 1, rows),
            "mass": means.mass.ravel(),
            "spans": means.spans.ravel(),
        }
    )


def _of_heads_and_groups(config: ModelConfig) -> dict[str, npt.NDArray[Any]]:
    heads = config.layers * config.heads
    names = {
        name: np.array([group[i] for group in GROUPS] * heads, object)
        for i, name in enumerate(("grouping", "group"))
    }
    places = {name: np.repeat(values, len(GROUPS)) for name, values in _heads(config).items()}
    return {**places, **names}


def passages_table(
    total: Arrays, config: ModelConfig, sources: Sequence[Source], *, texts: bool
) -> pd.DataFrame:
    """A row a passage; its text where `texts`. Raises SurveyError where a source cannot be read."""
    alphabet, rows = alphabet_of(config), list[dict[str, object]]()
    for number in range(config.layers * config.heads):
        of_head = total["best"][total["best"]["head"] == number]
        of_bins = total["drawn"][total["drawn"]["head"] == number]
        uses = [quantile(total["uses"][number], share, config.span_limit) for share in QUANTILES]
        chosen = [("most", np.nan, most_used(of_head))]
        chosen += [
            ("quantile", share, found)
            for share, found in zip(QUANTILES, at_quantiles(of_bins, np.array(uses)), strict=True)
        ]
        for reason, share, found in chosen:
            for own in found:
                row = _passage(own, sources[own["source"]], alphabet, texts=texts)
                layer, head = divmod(number, config.heads)
                rows.append(
                    {"layer": layer, "head": head, "reason": reason, "quantile": share, **row}
                )
    return pd.DataFrame(rows)


def _passage(
    own: Candidates, source: Source, alphabet: Alphabet, *, texts: bool
) -> dict[str, object]:
    """What is told of a candidate, and where the text begins and ends that it is shown with."""
    place, count = int(own["place"]), int((own["distances"] > 0).sum())
    distances = own["distances"][:count]
    before = int(np.clip(distances.max(initial=0) + BEFORE[0], *BEFORE))
    start, stop = (
        _whole(source, alphabet, at) for at in (max(0, place - before), place + 1 + AFTER)
    )
    points, which = characters(alphabet, source.read(start, stop))
    return {
        "source": source.name,
        "place": place,
        **{name: own[name] for name in ("use", "span", "distance", "entropy", "outside")},
        "key_distances": distances,
        "key_weights": own["weights"][:count],
        "key_share": own["weights"].sum(),
        "text_start": start,
        "text_stop": stop,
        "text_at": which[place - start],
        "text_keys": np.where(
            distances <= place - start, which[(place - start - distances).clip(min=0)], -1
        ),
        "text": written(points) if texts else None,
    }


def _whole(source: Source, alphabet: Alphabet, place: int) -> int:
    """The next place, from one on, where a character begins or the text ends."""
    place = min(place, source.tokens)
    if alphabet.unit != "bytes":
        return place
    following = as_bytes(alphabet, source.read(place, place + 3))
    return place + next((i for i, byte in enumerate(following) if byte & 0xC0 != 0x80), 0)
