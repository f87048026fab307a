"""What is reported of a text, against the plain formulas."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from model import pasts, probe
from model.config import ModelConfig, Variant
from model.evaluate import stream
from model.transformer import Transformer

CONFIG = ModelConfig(layers=2, heads=2, hidden=8, inner=16, span_limit=30, ramp=4)


@pytest.fixture
def net() -> Transformer:
    torch.manual_seed(0)
    net = Transformer(CONFIG).eval()
    with torch.no_grad():
        for attention in net.attentions:
            attention.span.theta.copy_(torch.tensor([0.1, 0.8]))  # type: ignore[union-attr]
    return net


def test_bits_are_those_of_the_evaluation_and_the_first_is_unknown(net: Transformer) -> None:
    tokens = torch.randint(256, (700,))
    reading = probe.read(net, tokens)
    expected = torch.cat([bits for bits, _ in stream(net, tokens[None])], 1)[0].float()
    assert math.isnan(reading.bits[0])
    torch.testing.assert_close(reading.bits[1:], expected)


def test_fields_of_the_first_layer_follow_from_the_weights(net: Transformer) -> None:
    tokens = torch.randint(256, (80,))
    reading = probe.read(net, tokens)
    attention, h = net.attentions[0], net.embedding(tokens)
    query, key = (f(h).unflatten(-1, (2, 4)) for f in (attention.query, attention.key))
    for t in (0, 1, 13, 79):
        for head in (0, 1):
            x = torch.arange(1, CONFIG.span_limit + 1)
            inside = x <= t
            keys = torch.where(inside[:, None], key[(t - x).clamp(min=0), head], 0)
            score = (keys + net.position.T) @ query[t, head] / 2
            z = attention.span.z[head]
            weight = ((4 + z - (x - 1)) / 4).clamp(0, 1) * score.exp()
            weight = weight / weight.sum()
            mass = weight[inside].sum()
            share = weight[inside] / mass
            place = (t, 0, head)
            assert reading.fields["outside"][place] == pytest.approx(1 - mass.item(), abs=1e-5)
            assert reading.fields["span"][place] == math.ceil(z.item()) + 4
            if t == 0:
                assert math.isnan(reading.fields["distance"][place])
                continue
            assert reading.fields["distance"][place] == pytest.approx(
                (share * x[inside]).sum().item(), rel=1e-4
            )
            assert reading.fields["entropy"][place] == pytest.approx(
                torch.special.entr(share).sum().item() / math.log(2), rel=1e-4, abs=1e-4
            )


def test_fields_do_not_depend_on_the_block(
    net: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = torch.randint(256, (100,))
    whole = probe.read(net, tokens)
    monkeypatch.setattr(pasts, "BLOCK", 9)
    cut = probe.read(net, tokens)
    for field in probe.FIELDS:
        torch.testing.assert_close(
            whole.fields[field], cut.fields[field], equal_nan=True, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("first", [0, 1, 9, 50, 99, 100])
def test_the_last_tokens_are_reported_as_in_the_whole(
    net: Transformer, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(pasts, "BLOCK", 9)
    tokens = torch.randint(256, (100,))
    whole, last = probe.read(net, tokens), probe.read(net, tokens, first=first)
    near = {"equal_nan": True, "rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(last.bits, whole.bits[first:], **near)
    assert torch.equal(last.next_token, whole.next_token[first:])
    torch.testing.assert_close(last.next_share, whole.next_share[first:], **near)
    for field in probe.FIELDS:
        torch.testing.assert_close(last.fields[field], whole.fields[field][first:], **near)


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
def test_texts_read_together_read_as_each_does_alone(variant: Variant) -> None:
    torch.manual_seed(0)
    net = Transformer(dataclasses.replace(CONFIG, variant=variant)).eval()
    with torch.no_grad():
        for name, weights in net.named_parameters():
            if name.endswith("span.weight"):
                weights.normal_()
            elif name.endswith("theta"):
                weights.copy_(torch.tensor([0.1, 0.8]))
    texts = [torch.randint(256, (count,)) for count in (70, 1, 33, 64, 2)]
    near = {"equal_nan": True, "rtol": 1e-5, "atol": 1e-5}
    for text, together in zip(texts, probe.read_together(net, texts, likeliest=3), strict=True):
        alone = probe.read(net, text, likeliest=3)
        torch.testing.assert_close(together.bits, alone.bits, **near)
        assert torch.equal(together.next_token, alone.next_token)
        torch.testing.assert_close(together.next_share, alone.next_share, **near)
        for field in probe.FIELDS:
            torch.testing.assert_close(together.fields[field], alone.fields[field], **near)
