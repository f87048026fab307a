"""Published results, as Sukhbaatar et al. (2019) print them: to be shown beside ours."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

OURS = "Sukhbaatar et al. 2019"
XL = "Dai et al. 2019"
DEEP = "Al-Rfou et al. 2019"
SPARSE = "Child et al. 2019"


class Result(NamedTuple):
    """A row; what is not printed is None. Spans in tokens, `flops` multiply-adds a token, bits per character."""

    model: str
    corpus: str
    layers: int | None
    span_limit: int | None
    mean_span: int | None
    parameters: float | None
    flops: float | None
    bpc_test: float | None
    bpc_dev: float | None
    source: str


RESULTS = (
    Result("adaptive small", "text8", 12, 8192, 314, 38e6, 42e6, 1.11, 1.05, OURS),
    Result("adaptive large", "text8", 24, 8192, 245, 209e6, 179e6, 1.07, 1.01, OURS),
    Result("adaptive small", "enwik8", 12, 8192, None, 39e6, 41e6, 1.02, 1.04, OURS),
    Result("adaptive large", "enwik8", 24, 8192, None, 209e6, 181e6, 0.98, 1.00, OURS),
    Result("adaptive", "text8", None, 1024, 123, None, None, None, 1.08, OURS),
    Result("dynamic", "text8", None, 1024, 149, None, None, None, 1.08, OURS),
    Result("Transformer-XL", "text8", 24, None, 3800, 277e6, 438e6, 1.08, None, XL),
    Result("Transformer-XL", "enwik8", 12, None, None, 41e6, 64e6, 1.06, None, XL),
    Result("Transformer-XL", "enwik8", 18, None, None, 88e6, 329e6, 1.03, None, XL),
    Result("Transformer-XL", "enwik8", 24, None, None, 277e6, 438e6, 0.99, None, XL),
    Result("T12", "text8", 12, None, 512, 44e6, 22e9, 1.18, None, DEEP),
    Result("T64", "text8", 64, None, 512, 235e6, 120e9, 1.13, 1.06, DEEP),
    Result("T12", "enwik8", 12, None, None, None, None, 1.11, None, DEEP),
    Result("T64", "enwik8", 64, None, None, None, None, 1.06, None, DEEP),
    Result("Sparse Transformer", "enwik8", 30, None, None, 95e6, None, 0.99, None, SPARSE),
)


def published_table() -> pd.DataFrame:
    """A row a result, NaN for what is not printed."""
    table = pd.DataFrame(RESULTS)
    whole = ["layers", "span_limit", "mean_span"]
    return table.astype(dict.fromkeys(whole, "Int64"))
