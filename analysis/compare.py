"""Checkpoints side by side: their spans, what they cost, and the same text read by each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from model.alphabets import Integers

Floats = npt.NDArray[np.float64]
COSTS = ("flops", "flops_with_positions", "flops_paid", "cache_bytes")
"""As `costs` names them."""


def spans_side_by_side(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a head: layer, head, `span <name>` (tokens) for each table of `spans_table`, NaN where it has no such head,
    and `difference <name>`, its span minus that of the first, where the two have the same heads.
    """
    columns = {
        name: table.set_index(["layer", "head"])["span"].astype(float)
        for name, table in tables.items()
    }
    first = next(iter(columns.values()))
    table = pd.DataFrame({f"span {name}": column for name, column in columns.items()})
    for name, column in list(columns.items())[1:]:
        same = column.index.equals(first.index)
        table[f"difference {name}"] = column - first if same else np.nan
    return table.rename_axis(["layer", "head"]).sort_index().reset_index()


def by_place(
    values: npt.NDArray[np.floating], places: Integers, length: int, *, shared: bool
) -> Floats:
    """Values [T] of tokens at places [T, 2], as values [length] of code points.

    Where `shared`, a token's value is divided among its code points and a code point has the sum of its tokens', as
    with bits; else it has their mean, as with spans. NaN where a token is NaN, and where there is no token.
    """
    widths = places[:, 1] - places[:, 0]
    token = np.repeat(np.arange(len(places)), widths)
    within = np.arange(len(token)) - np.repeat(np.cumsum(widths) - widths, widths)
    place = places[token, 0] + within
    each = (values / widths if shared else values)[token]
    count = np.bincount(place, minlength=length)
    with np.errstate(invalid="ignore"):
        total = np.bincount(place, weights=each, minlength=length)
        mean = total / np.where(count > 0, count, np.nan)
    return np.where(count > 0, total, np.nan) if shared else mean
