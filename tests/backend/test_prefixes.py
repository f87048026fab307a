"""What is kept of texts read before: never needed, never mixed up, never too much."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from backend.catalogue import Catalogue, Entry
from backend.work.prefixes import Prefixes
from model import load, pasts
from model.bands import read_bands
from model.probe import FIELDS, Reading, read
from model.transformer import Memory, Pass, Transformer

TOKENS = torch.randint(27, (100,), generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=["tiny@10", "moving@10"])
def entry(runs: Path, request: pytest.FixtureRequest) -> Entry:
    return Catalogue([runs]).resolve(request.param)[0]


@pytest.fixture
def net(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> Transformer:
    monkeypatch.setattr(pasts, "BLOCK", 16)
    return load(entry.folder)


@pytest.fixture
def lengths(net: Transformer, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each block has that is read."""
    noted, own = list[int](), net.read

    def noting(tokens: Tensor, memory: Memory | None = None) -> Pass:
        noted.append(tokens.shape[1])
        return own(tokens, memory)

    monkeypatch.setattr(net, "read", noting)
    return noted


def assert_same(one: Reading, other: Reading) -> None:
    near = {"equal_nan": True, "rtol": 1e-5, "atol": 1e-6}
    torch.testing.assert_close(one.bits, other.bits, **near)
    torch.testing.assert_close(one.next_share, other.next_share, **near)
    for field in FIELDS:
        torch.testing.assert_close(one.fields[field], other.fields[field], **near)


def test_only_what_was_added_is_read_and_the_answer_is_the_same(
    entry: Entry, net: Transformer, lengths: list[int]
) -> None:
    kept = Prefixes(1 << 20).of(entry)
    assert_same(read(net, TOKENS[:70], pasts=kept), read(net, TOKENS[:70]))
    lengths.clear()
    typed = read(net, TOKENS[:71], first=70, pasts=kept)
    assert lengths == [1]
    assert_same(typed, read(net, TOKENS[:71], first=70))
    lengths.clear()
    changed = TOKENS.clone()
    changed[50] = (changed[50] + 1) % 27
    edited = read(net, changed, first=50, pasts=kept)
    assert lengths[:2] == [2, 14]  # on from the block's end before it, 48
    assert_same(edited, read(net, changed, first=50))
    lengths.clear()
    (band,) = read_bands(net, TOKENS, [(1, 0)], 67, 68, pasts=kept)
    assert lengths == [3, 1]
    (anew,) = read_bands(net, TOKENS, [(1, 0)], 67, 68)
    torch.testing.assert_close(band.weights, anew.weights, rtol=1e-5, atol=1e-6)


def test_another_checkpoint_and_another_cut_know_nothing_of_it(
    runs: Path, entry: Entry, net: Transformer
) -> None:
    prefixes = Prefixes(1 << 20)
    read(net, TOKENS, pasts=prefixes.of(entry))
    other = Catalogue([runs]).resolve("tiny@20")[0]
    assert prefixes.of(entry).find(TOKENS) and not prefixes.of(other).find(TOKENS)
    cuts = [(0, 1, 12)]
    kept = prefixes.of(entry, cuts)
    assert not kept.find(TOKENS)
    with net.cut(cuts):
        read(net, TOKENS[:70], pasts=kept)
        assert_same(
            read(net, TOKENS, first=70, pasts=kept),
            read(net, TOKENS, first=70),
        )


def test_what_was_used_longest_ago_goes_first(entry: Entry, net: Transformer) -> None:
    texts = [TOKENS.roll(number)[:16] for number in range(4)]
    probed = Prefixes(1 << 20)
    read(net, texts[0], pasts=probed.of(entry))
    prefixes = Prefixes(3 * probed.bytes)
    kept = prefixes.of(entry)
    for text in texts[:3]:
        read(net, text, pasts=kept)
    assert kept.find(texts[0])
    read(net, texts[3], pasts=kept)
    assert [bool(kept.find(text)) for text in texts] == [True, False, True, True]
    assert prefixes.bytes == prefixes.max_bytes
    prefixes.max_bytes = probed.bytes - 1
    read(net, texts[1], pasts=kept)
    assert kept.find(texts[0]) and not kept.find(texts[1])
