"""The banded attention is the oracle, computed cheaper."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from model.attention import CHUNK, GROUP_COST, band_weights, banded_attention, group_heads
from model.oracle import oracle_attention
from model.span import reach_of, soft_mask

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def by_groups(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, z: Tensor, ramp: int
) -> Tensor:
    limit = position.shape[1]
    output = torch.empty_like(query)
    for heads, width in group_heads([reach_of(x, ramp, limit) for x in z.tolist()]):
        mask = soft_mask(z[list(heads), None], torch.arange(1, width + 1), ramp)
        own = [tensor[:, list(heads)] for tensor in (query, key, value)]
        keys = slice(limit - width, None)
        output[:, list(heads)] = banded_attention(
            own[0], own[1][:, :, keys], own[2][:, :, keys], position[:, :width], mask
        )
    return output


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Tensor], int]:
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    batch, heads, d = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 9))
    time, limit = draw(st.integers(1, 2 * CHUNK + 7)), draw(st.integers(1, 60))
    ramp = draw(st.integers(1, 40))
    lengths = st.one_of(st.just(0), st.just(limit), st.integers(0, limit), st.floats(0, limit))
    z = draw(st.lists(lengths, min_size=heads, max_size=heads))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    keys = (batch, heads, limit + time - 1, d)
    shapes = [(batch, heads, time, d), keys, keys, (d, limit)]
    tensors = [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]
    return [t.requires_grad_() for t in [*tensors, torch.tensor(z, dtype=dtype)]], ramp


@given(problems())
def test_banded_equals_the_oracle_forward_and_in_every_gradient(
    problem: tuple[list[Tensor], int],
) -> None:
    tensors, ramp = problem
    expected = oracle_attention(*tensors, ramp)
    actual = by_groups(*tensors, ramp)
    toward = torch.ones_like(expected).cumsum(2) / expected.shape[2]
    pairs = zip(
        [actual, *torch.autograd.grad(actual, tensors, toward)],
        [expected, *torch.autograd.grad(expected, tensors, toward)],
        strict=True,
    )
    for got, wanted in pairs:
        scale = max(1.0, wanted.abs().max().item())
        assert (got - wanted).abs().max().item() <= TOLERANCE[wanted.dtype] * scale


@pytest.mark.parametrize("z", [0.0, 5.0, 5.5, 20.0])
def test_the_gradient_of_z_is_the_formula_of_the_design(z: float) -> None:
    """(1/R) sum over x in [z + 1, min(S, z + R + 1)] of (e^score(x) / Z) (g . v_x - g . o)."""
    torch.manual_seed(0)
    limit, ramp, d = 20, 8, 4
    query, position = torch.randn(1, 1, 1, d).double(), torch.randn(d, limit).double()
    key, value = torch.randn(2, 1, 1, limit, d).double()
    length = torch.tensor([z], dtype=torch.float64, requires_grad=True)
    output = by_groups(query, key, value, position, length, ramp)
    toward = torch.randn_like(output)
    (gradient,) = torch.autograd.grad(output, length, toward)

    x = torch.arange(1, limit + 1)
    score = ((key[0, 0].flip(0) + position.T) @ query[0, 0, 0]) / d**0.5
    m = ((ramp + z - (x - 1)) / ramp).clamp(0, 1)
    share = score.exp() / (m * score.exp()).sum()
    pull = share * ((value[0, 0].flip(0) - output[0, 0, 0].detach()) @ toward[0, 0, 0])
    teaches = (x >= z + 1) & (x <= min(limit, z + ramp + 1))
    assert gradient.item() == pytest.approx(pull[teaches].sum().item() / ramp, abs=1e-12)


def test_gradcheck() -> None:
    torch.manual_seed(0)
    shapes = [(2, 2, CHUNK + 3, 3), (2, 2, CHUNK + 9, 3), (2, 2, CHUNK + 9, 3), (3, 7), (2, 7)]
    tensors = [torch.rand(s, dtype=torch.float64).requires_grad_() for s in shapes]
    assert torch.autograd.gradcheck(banded_attention, tensors, fast_mode=True)


def test_gradcheck_with_dropout() -> None:
    def dropped(*tensors: Tensor) -> Tensor:
        torch.manual_seed(1)
        return banded_attention(*tensors, dropout=0.5)

    torch.manual_seed(0)
    shapes = [(1, 2, 5, 3), (1, 2, 11, 3), (1, 2, 11, 3), (3, 7), (2, 7)]
    tensors = [torch.rand(s, dtype=torch.float64).requires_grad_() for s in shapes]
    assert torch.autograd.gradcheck(dropped, tensors)


def test_scores_far_beyond_a_short_head_s_reach_do_not_touch_it() -> None:
    """A long head of its group brings columns with m = 0, whatever their scores are."""
    query = torch.full((1, 2, 1, 1), 10.0)
    key, value = torch.zeros(1, 2, 30, 1), torch.ones(1, 2, 30, 1)
    key[:, :, :10] = 20.0
    mask = soft_mask(torch.tensor([[2.0], [30.0]]), torch.arange(1, 31), 5)
    tensors = [t.requires_grad_() for t in (query, key, value, torch.zeros(1, 30), mask)]
    output = banded_attention(*tensors)
    gradients = torch.autograd.grad(output.sum(), tensors)
    torch.testing.assert_close(output, torch.ones_like(output))
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


def test_dropout_keeps_the_mean_and_its_gradient_is_that_of_what_was_kept() -> None:
    torch.manual_seed(0)
    query, key, position = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 9, 4), torch.randn(4, 8)
    value, mask = torch.ones(1, 1, 9, 4, requires_grad=True), torch.ones(1, 8)
    outputs = torch.stack(
        [banded_attention(query, key, value, position, mask, 0.5).detach() for _ in range(4000)]
    )
    assert outputs.mean().item() == pytest.approx(1, abs=0.03)
    assert outputs.std().item() > 0.1
    output = banded_attention(query, key, value, position, mask, 0.5)
    output.sum().backward()
    assert value.grad is not None
    # with all values equal to 1 the output is the sum of the kept weights, and so is the gradient
    assert value.grad.sum().item() == pytest.approx(output.sum().item(), rel=1e-5)


def test_band_weights_are_the_weights_nearest_first() -> None:
    torch.manual_seed(0)
    width, time = 6, CHUNK + 5
    query, key = torch.randn(1, 2, time, 4), torch.randn(1, 2, time + width - 1, 4)
    position, mask = torch.randn(4, width), torch.rand(2, width) + 0.1
    expected = banded_attention(query, key, key, position, mask)
    for rows, weights in band_weights(query, key, position, mask):
        assert weights.sum(-1).allclose(torch.ones(()))
        for row in (0, weights.shape[2] - 1):
            keys = key[:, :, rows.start + row : rows.start + row + width].flip(2)
            mixed = (weights[:, :, row, :, None] * keys).sum(2)
            torch.testing.assert_close(mixed, expected[:, :, rows.start + row])


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_groups_hold_every_head_once_at_the_least_cost(reaches: list[int]) -> None:
    def cost(parts: list[list[int]]) -> int:
        return sum(len(part) * max(part) + GROUP_COST for part in parts)

    groups = group_heads(reaches)
    assert sorted(head for group in groups for head in group.heads) == list(range(len(reaches)))
    chosen = [[reaches[head] for head in group.heads] for group in groups]
    assert [group.width for group in groups] == [max(part) for part in chosen]
    ordered = sorted(reaches)
    cuts = range(1, len(ordered))
    every = (c for count in range(len(ordered)) for c in combinations(cuts, count))
    partitions = ([ordered[a:b] for a, b in pairwise([0, *cut, len(ordered)])] for cut in every)
    assert cost(chosen) == min(map(cost, partitions))


def test_short_heads_are_not_grouped_with_a_long_one() -> None:
    assert [g.width for g in group_heads([34, 33, 4000, 36])] == [36, 4000]
