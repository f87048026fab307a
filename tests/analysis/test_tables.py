"""Tables and figures say what the model learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from analysis import (
    along_figure,
    bins_table,
    heads_table,
    map_figure,
    read_text,
    spans_figure,
    spans_table,
    statistics_by_layer,
    statistics_over_all,
)
from analysis.cost import flops
from analysis.figures import log_ticks
from analysis.what_if import parse_cut, parse_cuts
from model.config import ConfigError, ModelConfig
from model.evaluate import SpanSample
from model.head_use import HeadUse, log_edges
from model.transformer import Transformer

CONFIG = ModelConfig(layers=3, heads=2, hidden=8, inner=16, span_limit=100, ramp=10)
Z = torch.tensor([[0.0, 1.5], [20.0, 4.0], [95.0, 40.2]])


def test_a_row_a_head() -> None:
    table = spans_table(Z, CONFIG)
    assert table["span"].tolist() == [10, 12, 30, 14, 100, 51]
    assert table["rank"].tolist() == [6, 5, 3, 4, 1, 2]
    assert table["p10"].equals(table["span"])


def test_statistics_are_those_of_the_rows() -> None:
    table = spans_table(Z, CONFIG)
    layers = statistics_by_layer(table, CONFIG)
    assert layers["mean_span"].tolist() == [11, 22, 75.5]
    assert layers["under_64"].tolist() == [1, 1, 0.5]
    whole = statistics_over_all(table, CONFIG)
    assert whole["flops"] == pytest.approx(layers["flops"].sum())
    assert whole["cache_bytes"] == layers["cache_bytes"].sum() == 2 * 4 * 4 * table["span"].sum()
    assert whole["cache_bytes_fixed"] == 2 * 4 * 4 * 600
    assert whole["z_upper_over_lower"] == pytest.approx((95 + 40.2) / 1.5)
    ranks = np.corrcoef([1.5, 1.5, 3.5, 3.5, 5.5, 5.5], [1, 2, 4, 3, 6, 5])[0, 1]
    assert whole["rank_correlation"] == pytest.approx(ranks)


def test_what_does_not_exist_is_none() -> None:
    whole = statistics_over_all(spans_table(torch.zeros(3, 2), CONFIG), CONFIG)
    assert whole["z_upper_over_lower"] is None and whole["rank_correlation"] is None


def test_the_figure_shows_every_head_sorted_in_its_layer() -> None:
    figure = spans_figure(spans_table(Z, CONFIG), CONFIG)
    points = figure.data[0]
    assert list(points.y) == [10, 12, 14, 30, 51, 100]
    assert [name for (name,) in points.customdata[2:4]] == ["L1·H1", "L1·H0"]
    assert [round(x) for x in points.x] == [0, 0, 1, 1, 2, 2]
    assert figure.layout.yaxis.type == "log"


def test_the_map_shows_every_span_at_its_place() -> None:
    heat = map_figure(spans_table(Z, CONFIG), CONFIG).data[0]
    assert np.array(heat.text).tolist() == [[10, 12], [30, 14], [100, 51]]
    assert (10 ** np.array(heat.z)).round().tolist() == [[10, 12], [30, 14], [100, 51]]


def test_a_text_becomes_a_row_a_token() -> None:
    torch.manual_seed(0)
    net = Transformer(CONFIG).eval()
    text = "aé🙂"
    table = read_text(net, text)
    assert table["start"].tolist() == [0, 1, 1, 2, 2, 2, 2]
    assert pd.isna(table["bits"][0]) and table["bits"][1:].notna().all()
    by_head = read_text(net, text, ["outside"], "head")
    assert len(by_head.columns) == 4 + 6
    by_layer = read_text(net, text, ["outside"], "layer")
    mean = by_head[["outside L1·H0", "outside L1·H1"]].mean(axis=1)
    np.testing.assert_allclose(by_layer["outside L1"], mean, rtol=1e-5)
    assert list(along_figure(table, text).data[0].y) == table["span"].tolist()


def test_spans_that_follow_the_token_are_those_of_a_sample() -> None:
    config = ModelConfig(
        variant="dynamic", layers=1, heads=2, hidden=8, inner=16, span_limit=100, ramp=10
    )
    numbers = ([[9.5, 8]], [[20.25, 20.25]], [[11, 12]], [[19, 20]], [[90, 30]], [[60, 25]])
    sample = SpanSample(5, *(torch.tensor(n, dtype=torch.float64) for n in numbers))
    table = spans_table(sample.z, config, sample)
    assert table["span"].tolist() == [20.25, 20.25] and table["rank"].tolist() == [1, 2]
    assert table["p90"].tolist() == [90, 30] and table["p90"].dtype == int
    whole = statistics_over_all(table, config)
    assert whole["flops_paid"] == 4 * 64 + 2 * 8 * 16 + 2 * 8 * 42.5
    assert whole["cache_bytes"] == whole["cache_bytes_fixed"]
    assert list(spans_figure(table, config).data[0].error_y.array) == [69.75, 9.75]
    assert np.array(map_figure(table, config).data[0].text).tolist() == [[20, 20]]
    with pytest.raises(ValueError, match="give a sample"):
        spans_table(sample.z, config)


def test_a_cut_is_read_from_its_text() -> None:
    assert parse_cut("L4H13=128") == (4, 13, 128)
    for text in (
        "",
        "L4H3",
        "L4·H3=1",
        "l4h3=1",
        "L-1H3=1",
        "L4H3=1.5",
        "L4H3=1 ",
        "L4H3=" + "9" * 99,
    ):
        with pytest.raises(ConfigError, match="write L4H3=128"):
            parse_cut(text)
    assert parse_cuts(["L2H1=100", "L0H0=1"], CONFIG) == [(2, 1, 100), (0, 0, 1)]


def test_log_ticks() -> None:
    assert log_ticks(30, 600) == [50, 100, 200, 500]


def test_a_head_that_may_look_far_and_looks_near_is_told() -> None:
    use = HeadUse(
        tokens=1,
        edges=log_edges(100),
        mass=torch.zeros(3, 2, len(log_edges(100)) - 1),
        mean_distance=torch.zeros(3, 2),
        entropy=torch.zeros(3, 2),
        # spans are 10, 12; 30, 14; 100, 51, and the ramp is 10
        distance_90=torch.tensor([[1, 1], [7, 1], [25, 12]]),
        outside=torch.zeros(3, 2),
        pull=None,
        pull_error=None,
        penalty=None,
    )
    table = heads_table(spans_table(Z, CONFIG), CONFIG, use)
    assert table["reach_unused"].tolist() == [False, False, True, False, False, True]
    assert table["flops"].sum() == pytest.approx(
        flops(CONFIG, table["span"].mean()) - flops(CONFIG, 0)
    )
    assert table["pull"].isna().all()


def test_a_bin_has_the_mean_of_its_mask() -> None:
    row = heads_table(spans_table(Z, CONFIG), CONFIG, None).iloc[5]
    bins = bins_table(row, CONFIG, None)
    for _, one in bins.iterrows():
        distances = np.arange(one["first"], one["last"] + 1)
        mask = np.clip((10 + 40.2 - (distances - 1)) / 10, 0, 1)
        assert one["mask"] == pytest.approx(mask.mean(), abs=1e-6)
