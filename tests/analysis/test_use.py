"""May look and does look, as figures; and a checkpoint's figures, from its folder or from a service."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from analysis import (
    distribution_figure,
    heads_table,
    open_checkpoint,
    reach_figure,
    spans_table,
)
from analysis.use import heads_beyond
from model.checkpoint import CheckpointError
from model.config import ModelConfig
from model.head_use import HeadUse, log_edges

CONFIG = ModelConfig(layers=1, heads=3, hidden=6, inner=8, span_limit=100, ramp=10)
SHIPPED = Path("model/shelf/classics-adaptive/checkpoints/step-00009800")


def table() -> pd.DataFrame:
    """Spans are 10, 30 and 100; the third looks near, the first at nothing."""
    zeros, edges = torch.zeros(1, 3), log_edges(100)
    use = HeadUse(
        tokens=1,
        edges=edges,
        mass=torch.zeros(1, 3, len(edges) - 1),
        mean_distance=torch.tensor([[0, 12, 3]]),
        entropy=zeros,
        distance_90=torch.tensor([[0, 25, 5]]),
        outside=zeros,
        pull=None,
        pull_error=None,
        penalty=None,
    )
    return heads_table(spans_table(torch.tensor([[0.0, 20, 95]]), CONFIG, None), CONFIG, use)


def test_a_head_stands_at_what_it_may_and_does_look_at() -> None:
    _, heads = reach_figure(table(), CONFIG).data
    assert list(heads.x) == [30, 100] and list(heads.y) == [12, 3]
    assert list(heads.error_y.array) == [13, 2]
    assert heads.marker.symbol == ("circle", "diamond-open")
    assert [name for (name,) in heads.customdata] == ["L0·H1", "L0·H2"]


def test_how_many_heads_go_beyond_a_distance() -> None:
    may, do = distribution_figure(table(), CONFIG).data
    assert list(may.x) == [1, 10, 30, 100, 100] and list(may.y) == [3, 2, 1, 0, 0]
    assert list(do.x) == [1, 1, 5, 25, 100] and list(do.y) == [3, 2, 1, 0, 0]
    assert heads_beyond(pd.Series([7.0, 7.0]), 9) == ([1, 7, 7, 9], [2, 1, 0, 0])


def test_what_was_not_measured_is_not_drawn() -> None:
    unknown = heads_table(spans_table(torch.zeros(1, 3), CONFIG), CONFIG, None)
    assert len(reach_figure(unknown, CONFIG).data[1].x) == 0
    (may,) = distribution_figure(unknown, CONFIG).data
    assert may.name == "may look"


def test_a_folder_gives_every_figure() -> None:
    shipped = open_checkpoint(SHIPPED)
    assert len(shipped.spans_figure().data[0].x) == len(shipped.heads) == 48
    assert shipped.head_figure(3, 3).data[0].y[:-1] == tuple(shipped.bins(3, 3)["mass"])
    assert shipped.map_figure().data and shipped.reach_figure().data
    assert len(shipped.distribution_figure().data) == 2
    with pytest.raises(IndexError, match="no head L3H8"):
        shipped.head_figure(3, 8)
    with pytest.raises(CheckpointError):
        open_checkpoint("nowhere")
