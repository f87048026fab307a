"""The spans of a model as tidy tables: a row a head, a row a layer, and the whole."""

from __future__ import annotations

import pandas as pd
from torch import Tensor

from analysis.cost import cache_bytes, layer_flops
from model.config import ModelConfig
from model.span import span_of


def spans_table(z: Tensor, config: ModelConfig) -> pd.DataFrame:
    """A row a head: layer, head, z, span, its percentiles over tokens (tokens), rank (1 is the longest).

    z [layers, heads], as `net.z`. Without a span that moves with the token, p10, p50 and p90 equal the span.
    """
    rows = [
        {"layer": layer, "head": head, "z": z, "span": span_of(z, config.ramp, config.span_limit)}
        for layer, of_layer in enumerate(z.tolist())
        for head, z in enumerate(of_layer)
    ]
    table = pd.DataFrame(rows)
    for percentile in ("p10", "p50", "p90"):
        table[percentile] = table["span"]
    table["rank"] = table["z"].rank(method="first", ascending=False).astype(int)
    return table


def statistics_by_layer(table: pd.DataFrame, config: ModelConfig) -> pd.DataFrame:
    """A row a layer: spans and z (tokens), shares of short heads, multiply-adds a token, cache bytes."""
    layers = table.groupby("layer")
    statistics = layers.apply(lambda heads: pd.Series(_summary(heads)))
    statistics["flops"] = [layer_flops(config, mean) for mean in statistics["mean_span"]]
    statistics["cache_bytes"] = [cache_bytes(config, total) for total in layers["span"].sum()]
    return statistics.reset_index()


def statistics_over_all(table: pd.DataFrame, config: ModelConfig) -> dict[str, float | None]:
    """The same over all heads, the cost of fixed spans beside it, and how spans grow with the layers.

    `z_upper_over_lower` is the mean z of the upper third of the layers over that of the lower third (None where
    that is 0); `rank_correlation` Spearman's, over heads, of layer and span (None where all spans are equal).
    """
    mean, limit = float(table["span"].mean()), config.span_limit
    heads = config.layers * config.heads
    third = max(1, config.layers // 3)
    lower = float(table.loc[table["layer"] < third, "z"].mean())
    upper = float(table.loc[table["layer"] >= config.layers - third, "z"].mean())
    varied = table["span"].nunique() > 1 and config.layers > 1
    return {
        **_summary(table),
        "flops": config.layers * layer_flops(config, mean),
        "flops_with_positions": config.layers * layer_flops(config, mean, positions=True),
        "flops_fixed": config.layers * layer_flops(config, limit),
        "cache_bytes": cache_bytes(config, heads * mean),
        "cache_bytes_fixed": cache_bytes(config, heads * limit),
        "z_upper_over_lower": upper / lower if lower else None,
        "rank_correlation": (
            float(table["layer"].rank().corr(table["span"].rank())) if varied else None
        ),
    }


def _summary(heads: pd.DataFrame) -> dict[str, float]:
    span = heads["span"]
    return {
        "mean_z": float(heads["z"].mean()),
        "mean_span": float(span.mean()),
        "median_span": float(span.median()),
        "min_span": float(span.min()),
        "max_span": float(span.max()),
        **{f"under_{bound}": float((span < bound).mean()) for bound in (64, 256, 1024)},
    }
