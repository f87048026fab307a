"""Where a name was last seen, and what a cut of all heads costs there."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.evidence.sources import CUTS, NEVER, NO_NAME, bits, last_seen, places
from model.config import ModelConfig
from model.transformer import Transformer


def test_a_name_is_as_far_as_where_it_was_last_seen() -> None:
    text = b"spam = 1\nif spam: eggs()\nspam2"
    expected = np.full(len(text), NO_NAME)
    for name, distance in ((b"spam =", NEVER), (b"spam:", 12), (b"eggs", NEVER), (b"spam2", NEVER)):
        start = text.index(name)
        expected[start + 1 : start + len(name.rstrip(b" =:"))] = distance
    assert last_seen(text).tolist() == expected.tolist()


@pytest.mark.parametrize(("z", "costs"), [(20.0, False), (300.0, True)])
def test_a_cut_costs_bits_only_where_spans_are_longer(z: float, costs: bool) -> None:
    net = Transformer(
        ModelConfig(layers=2, heads=2, hidden=16, inner=16, span_limit=512, z_start=z)
    )
    tokens = np.random.default_rng(0).integers(0, 256, 600).astype(np.uint8)
    whole, cut = bits(net, tokens, None), bits(net, tokens, min(CUTS))
    assert len(whole) == 599
    assert (np.abs(whole - cut).max() > 1e-6) == costs


def test_every_byte_is_in_one_place() -> None:
    text = (
        b"".join(b"spam(%d)\n" % number for number in range(100)) + b"eggs" + b" " * 700 + b"eggs"
    )
    groups = places(last_seen(text), 600)
    assert (np.sum(list(groups.values()), axis=0) == 1).all()
    assert [int(chosen.sum()) for chosen in groups.values()] == [297, 0, 3, 6, len(text) - 306]
