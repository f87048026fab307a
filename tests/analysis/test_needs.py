"""What heads need, and what a trimmed model costs."""

from __future__ import annotations

import pytest
import torch

from analysis.cost import cache_bytes, flops
from analysis.needs import needed_spans, needs_table, path_table
from analysis.spans import costs, spans_table
from analysis.what_if import kept_tokens
from model.config import ModelConfig
from model.evaluate import SpanSample
from model.needs import Loss

CONFIG = ModelConfig(layers=1, heads=3, hidden=12, inner=24, span_limit=40, ramp=8)


def test_a_head_needs_what_all_longer_spans_show_to_be_enough() -> None:
    tried = {0: [(20, 0.0), (10, 0.0005), (5, 0.002)], 1: [(20, 0.01), (10, 0.0), (5, 0.0)]}
    losses = [
        Loss(((0, head, span),), bits, None, 1.0)
        for head, spans in tried.items()
        for span, bits in reversed(spans)
    ]
    together = Loss(((0, 0, 5), (0, 1, 5)), 0.0, None, 1.0)
    spans = spans_table(torch.tensor([[32.0, 32, 0]]), CONFIG)
    assert needed_spans(spans, [*losses, together]) == {(0, 0): 10, (0, 1): 40}
    table = needs_table([*losses, together])
    assert table["span"].tolist() == [20, 10, 5, 20, 10, 5]


def test_a_trimmed_dynamic_model_caches_no_more_than_its_spans_may_be() -> None:
    config = ModelConfig(**{**vars(CONFIG), "variant": "dynamic", "most_spans": ((40, 10, 25),)})
    spans = torch.tensor([[20.0, 9, 8]])
    assert kept_tokens(config, spans) == 75
    assert kept_tokens(config, spans, [(0, 0, 5), (0, 1, 30)]) == 40
    sample = SpanSample(9, *[spans] * 6)
    found = costs(spans_table(spans, config, sample), config)
    assert found["cache_bytes"] == cache_bytes(config, 75)


def test_only_the_ends_of_a_path_are_measured_on_all_of_valid() -> None:
    points = [
        {"mean_span": mean, "kept": 3 * mean, "bits": bits, "error": 0.1}
        for mean, bits in ((40, 0.0), (20, 0.01), (10, 0.5))
    ]
    path = {"points": points, "chosen": 1, "valid": {"before": 2.0, "after": 2.02}}
    table = path_table(path, CONFIG)
    assert table["bpc"].tolist() == pytest.approx([2.0, 2.02, 2.5])
    assert table["flops"].tolist() == [flops(CONFIG, mean) for mean in (40, 20, 10)]
    assert table["cache_bytes"].tolist() == [cache_bytes(CONFIG, x) for x in (120, 60, 30)]
