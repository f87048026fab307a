"""A text as a model reads it: a row a token."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from model.config import alphabet_of
from model.probe import FIELDS, Field, Reading, read
from model.transformer import Transformer

Reduce = Literal["all", "layer", "head"]


def read_text(
    net: Transformer, text: str, fields: Collection[Field] = FIELDS, reduce: Reduce = "all"
) -> pd.DataFrame:
    """A row a token: token, start, end (code points), bits, and each field; one column a layer or head if asked.

    Raises ValueError for an empty text, or one the model's alphabet cannot write; UnknownAlphabet.
    """
    tokens, places = alphabet_of(net.config).encode(text)
    reading = read(net, torch.from_numpy(tokens), fields)
    columns: dict[str, object] = {
        "token": tokens,
        "start": places[:, 0],
        "end": places[:, 1],
        "bits": reading.bits.numpy(),
    }
    for field in fields:
        values = reduced(reading, field, reduce)
        if reduce == "all":
            columns[field] = values.numpy()
        elif reduce == "layer":
            columns |= {f"{field} L{i}": values[:, i].numpy() for i in range(net.config.layers)}
        else:
            columns |= {
                f"{field} L{i}·H{j}": values[:, i, j].numpy()
                for i in range(net.config.layers)
                for j in range(net.config.heads)
            }
    return pd.DataFrame(columns)


def reduced(reading: Reading, field: Field, reduce: Reduce) -> Tensor:
    """A field as means over all heads [T], over each layer's [T, layers], or as it is [T, layers, heads]."""
    values = reading.fields[field]
    if reduce == "head":
        return values
    return values.mean(-1) if reduce == "layer" else values.mean((-1, -2))
