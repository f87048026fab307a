"""A text as a model reads it: a row a token."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from model.alphabets import Alphabet, Integers
from model.config import alphabet_of
from model.probe import FIELDS, Field, Reading, read
from model.transformer import Transformer

Reduce = Literal["all", "layer", "head"]


@dataclass(frozen=True)
class Written:
    """A text and what was read before it, as one stream of T tokens."""

    tokens: Tensor
    """int64 [T]."""
    places: Integers
    """[T, 2]: code points [start, end) of the text; in the context they are below 0."""
    first: int
    """The first token that starts in the text."""

    @property
    def count(self) -> int:
        """How many tokens start in the text."""
        return len(self.tokens) - self.first

    def at(self, place: int) -> int:
        """The first token that starts at a place of the text or after it."""
        return int(np.searchsorted(self.places[:, 0], place))


def write(alphabet: Alphabet, text: str, context: str = "") -> Written:
    """Context and text as a model of this alphabet reads them.

    Raises ValueError where no token starts in the text, and for what the alphabet cannot write.
    """
    tokens, places = alphabet.encode(context + text)
    places = places - len(context)
    written = Written(torch.from_numpy(tokens), places, int(np.searchsorted(places[:, 0], 0)))
    if not written.count:
        continued = ": it goes on with the last one of the context" if text else ""
        raise ValueError(f"no token starts in the text{continued}")
    return written


def read_text(
    net: Transformer,
    text: str,
    fields: Collection[Field] = FIELDS,
    reduce: Reduce = "all",
    context: str = "",
) -> pd.DataFrame:
    """A row a token: token, start, end (code points), bits, and each field; one column a layer or head if asked.

    The context is read first and has no rows. Raises ValueError for an empty text, or one the model's alphabet cannot
    write; UnknownAlphabet.
    """
    written = write(alphabet_of(net.config), text, context)
    reading = read(net, written.tokens, fields, first=written.first)
    places = written.places[written.first :]
    columns: dict[str, object] = {
        "token": written.tokens[written.first :].numpy(),
        "start": places[:, 0],
        "end": places[:, 1],
        "bits": reading.bits.numpy(),
    }
    for field in fields:
        columns |= named(field, reduced(reading, field, reduce).numpy())
    return pd.DataFrame(columns)


def named(field: str, values: npt.NDArray[np.floating]) -> dict[str, npt.NDArray[np.floating]]:
    """Columns of a field as it was reduced: [T], [T, layers] or [T, layers, heads]."""
    if values.ndim == 1:
        return {field: values}
    parts = ("L", "·H")
    return {
        f"{field} {''.join(f'{part}{i}' for part, i in zip(parts, place, strict=False))}": values[
            :, *place
        ]
        for place in np.ndindex(values.shape[1:])
    }


def reduced(reading: Reading, field: Field, reduce: Reduce) -> Tensor:
    """A field as means over all heads [T], over each layer's [T, layers], or as it is [T, layers, heads]."""
    values = reading.fields[field]
    if reduce == "head":
        return values
    return values.mean(-1) if reduce == "layer" else values.mean((-1, -2))
