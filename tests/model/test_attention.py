"""The banded attention is the oracle, computed cheaper."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from model.attention import band_weights, banded_attention
from model.dropout import dropped
from model.oracle import oracle_attention
from model.slabs import ALIGNED, GROUP_COST, Group, group_heads
from model.span import reach_of

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def laid_out(x: Tensor, groups: tuple[Group, ...], time: int) -> Tensor:
    """[batch, heads, S + time - 1, d] as banded_attention takes its keys: the last row of a head is nobody's key."""
    limit = x.shape[2] - time + 1
    whole = torch.nn.functional.pad(x, (0, 0, 0, 1), value=1e6)
    parts = [whole[:, list(g.heads), limit - g.width :].flatten(1, 2) for g in groups]
    return torch.cat(parts, 1)


def groups_for(z: Tensor, ramp: int, limit: int) -> tuple[Group, ...]:
    if z.dim() == 1:
        return group_heads(z.tolist(), ramp, limit)
    return group_heads(z.amax((0, 2)).tolist(), ramp, limit)


def banded(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    position: Tensor,
    z: Tensor,
    ramp: int,
    dropout: float = 0.0,
) -> Tensor:
    """As a layer calls it."""
    groups = groups_for(z, ramp, position.shape[1])
    keys, values = (laid_out(x, groups, query.shape[2]) for x in (key, value))
    return banded_attention(query, keys, values, position, z, ramp, groups, dropout)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Tensor], int]:
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    batch, heads, d = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 9))
    time, limit = draw(st.integers(1, 140)), draw(st.integers(1, 60))
    ramp = draw(st.integers(1, 40))
    lengths = st.one_of(st.just(0), st.just(limit), st.integers(0, limit), st.floats(0, limit))
    moving = draw(st.booleans())
    count = 16 if moving else heads
    drawn = torch.tensor(draw(st.lists(lengths, min_size=count, max_size=count)), dtype=dtype)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    chosen = torch.randint(count, (batch, heads, time), generator=generator)
    z = drawn[chosen] if moving else drawn
    keys = (batch, heads, limit + time - 1, d)
    shapes = [(batch, heads, time, d), keys, keys, (d, limit)]
    tensors = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    return [t.requires_grad_() for t in [*tensors, z]], ramp


@given(problems())
def test_banded_equals_the_oracle_forward_and_in_every_gradient(
    problem: tuple[list[Tensor], int],
) -> None:
    tensors, ramp = problem
    expected = oracle_attention(*tensors, ramp)
    actual = banded(*tensors, ramp)
    unlearning = banded(*[t.detach() for t in tensors], ramp)
    assert (unlearning - expected).abs().max().item() <= TOLERANCE[expected.dtype]
    toward = torch.ones_like(expected).cumsum(2) / expected.shape[2]
    pairs = zip(
        [actual, *torch.autograd.grad(actual, tensors, toward)],
        [expected, *torch.autograd.grad(expected, tensors, toward)],
        strict=True,
    )
    for got, wanted in pairs:
        scale = max(1.0, wanted.abs().max().item())
        assert (got - wanted).abs().max().item() <= TOLERANCE[wanted.dtype] * scale


def test_a_chunk_may_be_computed_wider_than_the_keys_before_the_first_head() -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([7.5, 14.5], dtype=torch.float64)  # reaches of 40 and 47, alike
    z = lengths[None, :, None].repeat(1, 1, 32)
    shapes = [(1, 2, 32, 4), (1, 2, 95, 4), (1, 2, 95, 4), (4, 64)]
    tensors = [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]
    tensors = [x.requires_grad_() for x in [*tensors, z]]
    groups = (Group((0,), 40, 0), Group((1,), 48, 0))
    keys, values = (laid_out(x, groups, 32) for x in tensors[1:3])
    actual = banded_attention(tensors[0], keys, values, *tensors[3:], 32, groups)
    expected = oracle_attention(*tensors, 32)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)
    for got, wanted in zip(
        torch.autograd.grad(actual.sum(), tensors),
        torch.autograd.grad(expected.sum(), tensors),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("moving", [False, True])
def test_an_observer_is_shown_the_weights_and_changes_nothing(moving: bool) -> None:
    torch.manual_seed(0)
    z = torch.rand(2, 2, 70) * 30 if moving else torch.tensor([3.5, 30.0])
    query, key, position = (
        torch.randn(2, 2, 70, 4),
        torch.randn(2, 2, 70 + 63, 4),
        torch.randn(4, 64),
    )
    groups = groups_for(z, 8, 64)
    keys = laid_out(key, groups, 70)
    seen = []
    shown = banded_attention(
        query,
        keys,
        keys,
        position,
        z,
        8,
        groups,
        observe=lambda of: seen.append((*of[:2], of.weights.flip(-1))),
    )
    assert torch.equal(shown, banded_attention(query, keys, keys, position, z, 8, groups))
    for found, expected in zip(
        seen, band_weights(query, keys, position, z, 8, groups), strict=True
    ):
        assert all(map(torch.equal, found, expected))
    assert seen


@pytest.mark.parametrize("z", [0.0, 5.0, 5.5, 20.0])
def test_the_gradient_of_z_is_the_formula_of_the_design(z: float) -> None:
    """(1/R) sum over x in [z + 1, min(S, z + R + 1)] of (e^score(x) / Z) (g . v_x - g . o)."""
    torch.manual_seed(0)
    limit, ramp, d = 20, 8, 4
    query, position = torch.randn(1, 1, 1, d).double(), torch.randn(d, limit).double()
    key, value = torch.randn(2, 1, 1, limit, d).double()
    length = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    output = banded(query, key, value, position, length, ramp)
    toward = torch.randn_like(output)
    (gradient,) = torch.autograd.grad(output, length, toward)

    x = torch.arange(1, limit + 1)
    score = ((key[0, 0].flip(0) + position.T) @ query[0, 0, 0]) / d**0.5
    m = ((ramp + z - (x - 1)) / ramp).clamp(0, 1)
    share = score.exp() / (m * score.exp()).sum()
    pull = share * ((value[0, 0].flip(0) - output[0, 0, 0].detach()) @ toward[0, 0, 0])
    teaches = (x >= z + 1) & (x <= min(limit, z + ramp + 1))
    assert gradient.item() == pytest.approx(pull[teaches].sum().item() / ramp, abs=1e-12)


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_gradcheck(moving: bool, dropout: float) -> None:
    """At lengths that are no whole numbers, where the mask has a slope on both sides."""

    def attention(*tensors: Tensor) -> Tensor:
        torch.manual_seed(1)
        return banded(*tensors, ramp=3, dropout=dropout)

    torch.manual_seed(0)
    shapes = [(2, 2, 35, 3), (2, 2, 41, 3), (2, 2, 41, 3), (3, 7), (2, 2, 35) if moving else (2,)]
    tensors = [torch.rand(s, dtype=torch.float64) for s in shapes]
    tensors[4] = (
        tensors[4] * 0.9 + torch.arange(5.0).repeat(28).view(2, 2, 35)
        if moving
        else (torch.tensor([1.3, 5.6], dtype=torch.float64))
    )
    assert torch.autograd.gradcheck(
        attention, [t.requires_grad_() for t in tensors], fast_mode=not dropout
    )


@pytest.mark.parametrize("moving", [False, True])
def test_bfloat16_is_near_the_oracle(moving: bool) -> None:
    torch.manual_seed(0)
    shapes = [(2, 3, 70, 16), (2, 3, 169, 16), (2, 3, 169, 16), (16, 100)]
    tensors = [torch.randn(s) for s in shapes]
    z = torch.rand(2, 3, 70) * 90 if moving else torch.tensor([0.0, 40.3, 100.0])
    expected = oracle_attention(*tensors, z, 32)
    actual = banded(*[t.bfloat16() for t in tensors], z, 32)
    assert (actual.float() - expected).norm() <= 2e-2 * expected.norm()


def test_scores_far_beyond_a_short_head_s_reach_do_not_touch_it() -> None:
    """A long head of its group brings columns with m = 0, whatever their scores are."""
    query = torch.full((1, 2, 1, 1), 10.0)
    key, value = torch.zeros(1, 2, 30, 1), torch.ones(1, 2, 30, 1)
    key[:, :, :10] = 20.0
    z = torch.tensor([2.0, 30.0])
    tensors = [t.requires_grad_() for t in (query, key, value, torch.zeros(1, 30), z)]
    output = banded(*tensors, ramp=5)
    gradients = torch.autograd.grad(output.sum(), tensors)
    torch.testing.assert_close(output, torch.ones_like(output))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


def test_dropout_keeps_the_mean_and_its_gradient_is_that_of_what_was_kept() -> None:
    torch.manual_seed(0)
    query, key, position = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 9, 4), torch.randn(4, 8)
    value, z = torch.ones(1, 1, 9, 4, requires_grad=True), torch.tensor([8.0])

    def attention() -> Tensor:
        return banded(query, key, value, position, z, 4, dropout=0.5)

    outputs = torch.stack([attention().detach() for _ in range(4000)])
    assert outputs.mean().item() == pytest.approx(1, abs=0.03)
    assert outputs.std().item() > 0.1
    output = attention()
    output.sum().backward()
    assert value.grad is not None
    # with all values equal to 1 the output is the sum of the kept weights, and so is the gradient
    assert value.grad.sum().item() == pytest.approx(output.sum().item(), rel=1e-5)


@pytest.mark.parametrize("moving", [False, True])
def test_band_weights_are_the_weights_nearest_first(moving: bool) -> None:
    torch.manual_seed(0)
    width, time, ramp = 26, 69, 8
    query, key = torch.randn(1, 2, time, 4), torch.randn(1, 2, time + width - 1, 4)
    position = torch.randn(4, width)
    z = torch.rand(1, 2, time) * 17 if moving else torch.tensor([3.5, 17.0])
    expected = banded(query, key, key, position, z, ramp)
    groups = groups_for(z, ramp, width)
    keys = laid_out(key, groups, time)
    seen = torch.zeros(2, time)
    for slab in band_weights(query, keys, position, z, ramp, groups):
        assert slab.weights.sum(-1).allclose(torch.ones(()))
        for head, start, weights in zip(slab.sequence, slab.start, slab.weights, strict=True):
            for row in range(int(start), min(time, int(start) + len(weights))):
                x = torch.arange(1, weights.shape[1] + 1)
                mixed = weights[row - start] @ key[0, head, row + width - x]
                torch.testing.assert_close(mixed, expected[0, head, row])
                seen[head, row] += 1
    assert bool((seen == 1).all())


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_groups_hold_every_head_once_at_the_least_cost(lengths: list[int]) -> None:
    def cost(parts: list[list[int]]) -> int:
        return sum(len(part) * max(part) + GROUP_COST for part in parts)

    ramp, limit = 32, 420
    reaches = [min(limit, math.ceil(reach_of(z, ramp, limit) / ALIGNED) * ALIGNED) for z in lengths]
    groups = group_heads(lengths, ramp, limit)
    assert sorted(head for group in groups for head in group.heads) == list(range(len(reaches)))
    chosen = [[reaches[head] for head in group.heads] for group in groups]
    assert [group.width for group in groups] == [max(part) for part in chosen]
    assert [group.solid for group in groups] == [
        min(lengths[head] for head in group.heads) for group in groups
    ]
    ordered = sorted(reaches)
    cuts = range(1, len(ordered))
    every = (c for count in range(len(ordered)) for c in combinations(cuts, count))
    partitions = ([ordered[a:b] for a, b in pairwise([0, *cut, len(ordered)])] for cut in every)
    assert cost(chosen) == min(map(cost, partitions))


def test_short_heads_are_not_grouped_with_a_long_one() -> None:
    assert [g.width for g in group_heads([2, 1, 3968, 4], 32, 8192)] == [40, 4008]


@given(st.floats(0.01, 0.99))
def test_dropped_drops_the_share_that_is_asked_for(share: float) -> None:
    torch.manual_seed(0)
    drop = dropped(torch.empty(101, 997), share)
    assert drop.shape == (101, 997)
    assert drop.float().mean().item() == pytest.approx(share, abs=0.01)
    # neither rows nor columns repeat each other
    for a, b in [(drop[:-1], drop[1:]), (drop[:, :-1], drop[:, 1:]), (drop[:, :-4], drop[:, 4:])]:
        both = (a & b).float().mean().item()
        assert both == pytest.approx(share**2, abs=0.01)
