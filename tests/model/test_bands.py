"""Bands of attention, against the dense oracle; pictures, against the bands."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model.bands import FLOOR, TooManyWeights, codes, read_bands, weights_of
from model.config import ModelConfig, Variant
from model.oracle import oracle_attention
from model.span import spans_of
from model.transformer import Transformer

CONFIG = ModelConfig(layers=2, heads=3, hidden=12, inner=16, span_limit=48, ramp=6)
HEADS = [(1, 2), (0, 0), (1, 0)]


def random_net(variant: Variant) -> Transformer:
    torch.manual_seed(1)
    config = ModelConfig(**{**vars(CONFIG), "variant": variant})
    net = Transformer(config).double().eval()
    with torch.no_grad():
        for name, weights in net.named_parameters():
            if name.endswith("theta"):
                weights.copy_(torch.tensor([0.05, 1.0, 0.4]))
            elif name.endswith("span.weight"):
                weights.normal_()
            elif name.endswith("span.bias"):
                weights.copy_(torch.tensor([-3.0, 0.0, -1.0]))
    return net


def dense(net: Transformer, tokens: Tensor, layer: int, head: int) -> tuple[Tensor, Tensor]:
    """The oracle's weights [T, S] of one head, and its spans [T]: the values are one-hot, so that they tell the keys."""
    config, attention = net.config, net.attentions[layer]
    h, limit, time = net.read(tokens[None]).states[layer], net.config.span_limit, len(tokens)
    query, key = (attention.heads(f(h)) for f in (attention.query, attention.key))
    one_hot = torch.eye(limit + time - 1, dtype=h.dtype).expand(1, config.heads, -1, -1)
    z = attention.span(h)
    keys = F.pad(key[:, :, :-1], (0, 0, limit, 0))
    by_key = oracle_attention(query, keys, one_hot, net.position, z, config.ramp)[0, head]
    distance = torch.arange(1, limit + 1)
    weights = by_key.gather(1, limit + torch.arange(time)[:, None] - distance)
    spans = spans_of(z, config.ramp, limit)
    return weights, spans[0, head] if z.dim() == 3 else spans[head].expand(time)


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
@pytest.mark.parametrize(("first", "stop"), [(0, 90), (37, 61), (89, 90)])
@torch.no_grad()
def test_a_band_is_the_oracle_s_and_as_wide_as_the_longest_span(
    variant: Variant, first: int, stop: int
) -> None:
    net, tokens = random_net(variant), torch.randint(256, (90,))
    for head, band in zip(HEADS, read_bands(net, tokens, HEADS, first, stop), strict=True):
        weights, spans = (x[first:stop] for x in dense(net, tokens, *head))
        width = int(spans.max())
        assert band.weights.shape == (stop - first, width) and band.width == width
        torch.testing.assert_close(band.weights, weights[:, :width], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(
            band.weights.sum(1), torch.ones(stop - first, dtype=torch.float64)
        )
        before = torch.arange(1, width + 1) > torch.arange(first, stop)[:, None]
        torch.testing.assert_close(band.outside, (weights[:, :width] * before).sum(1))


@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_a_cut_head_is_as_wide_as_its_cut(variant: Variant) -> None:
    net, tokens = random_net(variant), torch.randint(256, (90,))
    with net.cut([(1, 2, 9)]):
        cut, other = read_bands(net, tokens, [(1, 2), (0, 1)], 40, 90)
    whole = read_bands(net, tokens, [(1, 2)], 40, 90)[0]
    assert cut.width == 9 < min(whole.width, other.width)
    torch.testing.assert_close(cut.weights.sum(1), torch.ones(50, dtype=torch.float64))


def test_codes_tell_a_weight_to_within_two_percent() -> None:
    weights = torch.logspace(-4, 0, 5_000, dtype=torch.float64).clamp(min=FLOOR)
    found = weights_of(codes(weights))
    assert ((found / weights - 1).abs() < 0.019).all()
    assert (
        codes(torch.tensor([0.0, FLOOR * 0.99, FLOOR, 1.0])) == torch.tensor([0, 0, 1, 255])
    ).all()


@pytest.mark.parametrize("pool", [(1, 1), (4, 4), (7, 2), (8, 1)])
@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_a_picture_shows_the_largest_of_each_pool(variant: Variant, pool: tuple[int, int]) -> None:
    net, tokens = random_net(variant), torch.randint(256, (700,))
    exact = read_bands(net, tokens, HEADS, 5, 698)
    pictures = read_bands(net, tokens, HEADS, 5, 698, pool)
    for band, picture in zip(exact, pictures, strict=True):
        pooled = F.max_pool2d(band.weights[None], pool, ceil_mode=True)[0]
        assert picture.weights.dtype == torch.uint8
        assert torch.equal(picture.weights, codes(pooled))
        torch.testing.assert_close(picture.outside, band.outside)


@pytest.mark.parametrize("variant", ["fixed", "dynamic"])
def test_too_many_weights_are_refused_and_counted(variant: Variant) -> None:
    net, tokens = random_net(variant), torch.randint(256, (90,))
    numbers = sum(band.weights.numel() for band in read_bands(net, tokens, HEADS, 10, 90))
    assert read_bands(net, tokens, HEADS, 10, 90, most=numbers)
    with pytest.raises(TooManyWeights) as error:
        read_bands(net, tokens, HEADS, 10, 90, most=numbers - 1)
    assert error.value.numbers == numbers
