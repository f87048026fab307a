"""The spans of a model as tidy tables: a row a head, a row a layer, and the whole."""

from __future__ import annotations

import pandas as pd
from torch import Tensor

from analysis.cost import cache_bytes, flops, kept_of_head, layer_flops
from model.config import ModelConfig
from model.evaluate import SpanSample
from model.span import spans_of


def spans_table(z: Tensor, config: ModelConfig, sample: SpanSample | None = None) -> pd.DataFrame:
    """A row a head: layer, head, z, span, its percentiles over tokens, paid (all in tokens), rank (1 is the longest).

    z [layers, heads], as `net.z`. Of `dynamic` z and span are the means of a sample of held-out text and `paid` is the
    span that is computed, the longest of each chunk of queries; of the others all of these equal the span.
    Raises ValueError for `dynamic` without a sample.
    """
    if config.variant != "dynamic":
        span = spans_of(z, config.ramp, config.span_limit)
        sample = SpanSample(0, z, span, span, span, span, span)
    if sample is None:
        raise ValueError("the spans of a dynamic model follow the token: give a sample of them")
    percentiles = {"p10": sample.p10, "p50": sample.p50, "p90": sample.p90}
    of_head = {"z": sample.z, "span": sample.span} | {k: p.long() for k, p in percentiles.items()}
    heads = pd.MultiIndex.from_product(
        [range(config.layers), range(config.heads)], names=["layer", "head"]
    )
    columns = {k: x.flatten().tolist() for k, x in {**of_head, "paid": sample.paid}.items()}
    table = pd.DataFrame(columns, index=heads).reset_index()
    longest_first = table.sort_values(["span", "z"], ascending=False, kind="stable").index
    table.loc[longest_first, "rank"] = range(1, len(table) + 1)
    return table.astype({"rank": int})


def statistics_by_layer(table: pd.DataFrame, config: ModelConfig) -> pd.DataFrame:
    """A row a layer: spans and z (tokens), shares of short heads, multiply-adds a token, cache bytes.

    `flops` counts the mean span, as the paper does; `flops_paid` what is computed.
    """
    layers = table.groupby("layer")
    statistics = layers.apply(lambda heads: pd.Series(_summary(heads)))
    statistics["flops"] = [layer_flops(config, mean) for mean in statistics["mean_span"]]
    statistics["flops_paid"] = [layer_flops(config, mean) for mean in layers["paid"].mean()]
    statistics["cache_bytes"] = [cache_bytes(config, _kept(heads, config)) for _, heads in layers]
    return statistics.reset_index()


def statistics_over_all(table: pd.DataFrame, config: ModelConfig) -> dict[str, float | None]:
    """The same over all heads, the cost of fixed spans beside it, and how spans grow with the layers.

    `z_upper_over_lower` is the mean z of the upper third of the layers over that of the lower third (None where
    that is 0); `rank_correlation` Spearman's, over heads, of layer and span (None where all spans are equal).
    """
    limit = config.span_limit
    heads = config.layers * config.heads
    third = max(1, config.layers // 3)
    lower = float(table.loc[table["layer"] < third, "z"].mean())
    upper = float(table.loc[table["layer"] >= config.layers - third, "z"].mean())
    varied = table["span"].nunique() > 1 and config.layers > 1
    return {
        **_summary(table),
        **costs(table, config),
        "flops_fixed": flops(config, limit),
        "cache_bytes_fixed": cache_bytes(config, heads * limit),
        "z_upper_over_lower": upper / lower if lower else None,
        "rank_correlation": (
            float(table["layer"].rank().corr(table["span"].rank())) if varied else None
        ),
    }


def costs(table: pd.DataFrame, config: ModelConfig) -> dict[str, float]:
    """What all heads cost: multiply-adds a token, as the paper counts them, with q . p_x and as computed; cache bytes."""
    mean = float(table["span"].mean())
    return {
        "flops": flops(config, mean),
        "flops_with_positions": flops(config, mean, positions=True),
        "flops_paid": flops(config, float(table["paid"].mean())),
        "cache_bytes": cache_bytes(config, _kept(table, config)),
    }


def _kept(heads: pd.DataFrame, config: ModelConfig) -> float:
    """How many tokens the caches of some heads hold."""
    places = zip(heads["layer"], heads["head"], heads["span"], strict=True)
    return float(sum(kept_of_head(config, *place) for place in places))


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
