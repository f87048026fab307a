"""The transformer as DESIGN section 2 has it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model.config import ModelConfig
from model.oracle import oracle_attention
from model.span import reach_of, span_of
from model.transformer import Transformer

SMALL = ModelConfig(layers=2, heads=3, hidden=12, inner=24, span_limit=40, ramp=8)


def spread_spans(net: Transformer) -> None:
    """Give the heads all kinds of lengths, 0 and S among them."""
    with torch.no_grad():
        for number, attention in enumerate(net.attentions):
            attention.span.theta.copy_(torch.tensor([0, 0.37, 1.0]).roll(number))  # type: ignore[union-attr]


@pytest.mark.parametrize("variant", ["fixed", "adaptive"])
def test_the_output_does_not_depend_on_how_a_text_is_cut(variant: str) -> None:
    torch.manual_seed(0)
    net = Transformer(ModelConfig(**{**vars(SMALL), "variant": variant})).double()
    if variant == "adaptive":
        spread_spans(net)
    tokens = torch.randint(256, (2, 150))
    for training in (False, True):
        net.train(training)
        whole, _ = net(tokens)
        for block in (1, 7, 64):
            memory, parts = None, []
            for part in tokens.split(block, 1):
                logits, memory = net(part, memory)
                parts.append(logits)
            torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=0, atol=1e-10)


def test_the_whole_model_equals_the_formulas_written_plainly() -> None:
    torch.manual_seed(0)
    net = Transformer(SMALL).double().eval()
    spread_spans(net)
    tokens = torch.randint(256, (2, 90))
    h = net.embedding(tokens)
    for layer in net.layers:
        attention = layer.attention
        inputs = nn.functional.pad(h, (0, 0, SMALL.span_limit, 0))[:, :-1]
        query, key, value = (
            projection(x).unflatten(-1, (3, 4)).transpose(1, 2)
            for projection, x in (
                (attention.query, h),
                (attention.key, inputs),
                (attention.value, inputs),
            )
        )
        mixed = oracle_attention(query, key, value, net.position, attention.span.z, SMALL.ramp)
        h = layer.norm1(h + attention.out(mixed.transpose(1, 2).flatten(2)))
        h = layer.norm2(h + layer.outer(torch.relu(layer.inner(h))))
    logits, _ = net(tokens)
    torch.testing.assert_close(logits, net.logits(h), rtol=0, atol=1e-10)


def test_reading_remembers_no_more_than_the_spans_need_and_training_the_limit() -> None:
    net = Transformer(SMALL)
    tokens = torch.zeros(1, 100, dtype=torch.int64)
    assert {m.shape[1] for m in net.eval()(tokens)[1]} == {SMALL.ramp + 1}
    assert {m.shape[1] for m in net.train()(tokens)[1]} == {SMALL.span_limit}


def test_a_token_is_not_seen_before_its_place() -> None:
    torch.manual_seed(0)
    net = Transformer(SMALL).eval()
    tokens = torch.randint(256, (1, 30))
    changed = tokens.clone()
    changed[0, 20] += 1
    before, after = net(tokens)[0], net(changed % 256)[0]
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.equal(before[:, 20], after[:, 20])


def test_parameters_are_as_many_as_the_paper_s_sizes_make() -> None:
    """38,357,116 for text8 small with 28 symbols; our text8 has 27."""
    with torch.device("meta"):
        config = ModelConfig(alphabet="text8", layers=12, hidden=512, inner=2048, span_limit=8192)
        net = Transformer(config)
    one_symbol = 2 * 512 + 1
    assert sum(p.numel() for p in net.parameters()) == 38_357_116 - one_symbol


def test_the_penalty_is_summed_over_layers_and_averaged_over_heads() -> None:
    net = Transformer(SMALL)
    spread_spans(net)
    assert net.span_penalty().item() == pytest.approx(2 * 40 * (0 + 0.37 + 1) / 3)


@pytest.mark.parametrize(
    ("z", "span", "reach"), [(0, 32, 33), (0.2, 33, 33), (7, 39, 40), (500, 512, 512)]
)
def test_span_and_reach(z: float, span: int, reach: int) -> None:
    assert (span_of(z, 32, 512), reach_of(z, 32, 512)) == (span, reach)
