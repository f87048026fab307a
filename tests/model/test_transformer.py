"""The transformer as DESIGN section 2 has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from model.config import ModelConfig
from model.oracle import oracle_attention
from model.span import AdaptiveSpan, DynamicSpan, reach_of, span_of
from model.transformer import Transformer

SMALL = ModelConfig(layers=2, heads=3, hidden=12, inner=24, span_limit=40, ramp=8)


def small(variant: str = "adaptive") -> Transformer:
    """A float64 model whose heads have all kinds of lengths, 0 and S among them."""
    torch.manual_seed(0)
    net = Transformer(replace(SMALL, variant=variant)).double()
    with torch.no_grad():
        for number, attention in enumerate(net.attentions):
            if isinstance(attention.span, AdaptiveSpan):
                attention.span.theta.copy_(torch.tensor([0, 0.37, 1.0]).roll(number))
            elif isinstance(attention.span, DynamicSpan):
                attention.span.weight.normal_(std=2)
                attention.span.bias.copy_(torch.tensor([-4.0, -1.0, 2.0]))
    return net


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
def test_the_output_does_not_depend_on_how_a_text_is_cut(variant: str) -> None:
    net = small(variant)
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


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
def test_the_whole_model_equals_the_formulas_written_plainly(variant: str) -> None:
    net = small(variant).eval()
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
        if variant == "dynamic":
            v, b = attention.span.weight, attention.span.bias
            z = 40 * torch.sigmoid(h @ v.T + b).transpose(1, 2)
        else:
            z = attention.span.z
        mixed = oracle_attention(query, key, value, net.position, z, SMALL.ramp)
        h = layer.norm1(h + attention.out(mixed.transpose(1, 2).flatten(2)))
        h = layer.norm2(h + layer.outer(torch.relu(layer.inner(h))))
    logits, _ = net(tokens)
    torch.testing.assert_close(logits, net.logits(h), rtol=0, atol=1e-10)


def test_reading_remembers_keys_and_values_within_the_spans() -> None:
    tokens = torch.zeros(1, 100, dtype=torch.int64)
    rows = {"fixed": 3 * 40, "adaptive": 3 * 16, "dynamic": 3 * 40}
    for variant, count in rows.items():
        net = Transformer(replace(SMALL, variant=variant)).eval()
        assert {m.shape for m in net(tokens)[1]} == {(2, 1, count, 4)}


def test_training_remembers_inputs_as_far_as_spans_may_grow() -> None:
    """And no further: what it computes is the same as with all of S remembered."""
    tokens, far, near = torch.randint(256, (2, 60)), Transformer(SMALL), Transformer(SMALL)
    near.load_state_dict(far.state_dict())
    near.allow_growth(5)
    memories: list[list[torch.Tensor] | None] = [None, None]
    for step, part in enumerate(tokens.split(20, 1)):
        outputs = []
        for number, net in enumerate((far, near)):
            with torch.no_grad():
                for attention in net.attentions:
                    attention.span.theta.fill_(5 * step / 40)  # type: ignore[union-attr]
            logits, memories[number] = net.train()(part, memories[number])
            outputs.append(logits)
        assert torch.equal(*outputs)
    assert [memory[0].shape[1] for memory in memories if memory] == [40, 24 + 5]


def test_training_remembers_all_of_s_where_the_next_token_may_reach_it() -> None:
    net = small("dynamic").train()
    net.allow_growth(5)
    with torch.no_grad():
        for attention in net.attentions:
            attention.span.bias.fill_(-9)  # type: ignore[union-attr]
            attention.span.weight.zero_()  # type: ignore[union-attr]
    assert {m.shape[1] for m in net(torch.zeros(1, 60, dtype=torch.int64))[1]} == {40}


def test_spans_that_grow_while_their_groups_are_held_stay_exact() -> None:
    net, tokens = small().train(), torch.randint(256, (1, 50))
    net.hold_groups(margin=6)
    with torch.no_grad():
        for attention in net.attentions:
            attention.span.theta += 0.1  # type: ignore[union-attr]
    within = [[4, 18.8, 40], [40, 4, 18.8]]
    net.clamp_spans_()
    torch.testing.assert_close(net.z.detach(), torch.tensor(within).double())
    held = net(tokens)[0]
    for attention in net.attentions:
        attention.span.theta.data += 0.2  # type: ignore[union-attr]
    net.clamp_spans_()
    assert net.z.max() <= 40 and net.z[0, 0] <= 6
    grouped = small().train()
    grouped.load_state_dict(net.state_dict())
    torch.testing.assert_close(net(tokens)[0], grouped(tokens)[0], rtol=0, atol=1e-10)
    assert held.isfinite().all()


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
def test_a_cut_head_has_the_smaller_of_two_masks_and_a_cut_at_s_changes_nothing(
    variant: str,
) -> None:
    net, tokens = small(variant).eval(), torch.randint(256, (1, 90))
    own = net(tokens)[0]
    every = [(layer, head, SMALL.span_limit) for layer in (0, 1) for head in range(3)]
    with net.cut(every):
        assert torch.equal(net(tokens)[0], own)
    with net.cut([(0, 2, 20), (1, 0, 3)]):
        cut, lengths = net(tokens)[0], net.read(tokens).z
    assert not torch.equal(cut, own) and torch.equal(net(tokens)[0], own)
    for z, head, most in ((lengths[0], 2, 20 - 8), (lengths[1], 0, 3 - 8)):
        of_head = z[head] if z.dim() == 1 else z[0, head]
        assert of_head.max() <= most
    if variant == "adaptive":
        for attention, z in zip(net.attentions, lengths, strict=True):
            attention.span.lengths = lambda _, z=z: z  # type: ignore[method-assign]
        torch.testing.assert_close(net(tokens)[0], cut, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="no head L2H0"), net.cut([(2, 0, 5)]):
        pass
    with pytest.raises(ValueError, match="L0H0 cannot be cut at 0: a span is from 1 to 40"):  # noqa: SIM117
        with net.cut([(0, 0, 0)]):
            pass


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
    net = small()
    assert net.span_penalty(list(net.z)).item() == pytest.approx(2 * 40 * (0 + 0.37 + 1) / 3)


@pytest.mark.parametrize(
    ("z", "span", "reach"), [(0, 32, 33), (0.2, 33, 33), (7, 39, 40), (500, 512, 512)]
)
def test_span_and_reach(z: float, span: int, reach: int) -> None:
    assert (span_of(z, 32, 512), reach_of(z, 32, 512)) == (span, reach)
