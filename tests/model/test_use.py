"""What the heads use, against the plain formulas and against differences of the loss."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model import checkpoint, corpora, use
from model.checkpoint import CheckpointError, read_use
from model.config import ModelConfig, RunSpec, TrainingConfig
from model.head_use import HeadUse, log_edges
from model.oracle import oracle_attention
from model.span import AdaptiveSpan, DynamicSpan, soft_mask
from model.transformer import Transformer
from model.use import held_out_sample, measure_use

SMALL = ModelConfig(layers=2, heads=3, hidden=12, inner=24, span_limit=40, ramp=8)
TOKENS = np.random.default_rng(0).integers(256, size=183, dtype=np.uint8)
VARIANTS = ["fixed", "adaptive", "dynamic"]


def small(variant: str) -> Transformer:
    """A float64 model whose heads have all kinds of lengths, none a whole number, where the mask has a kink."""
    torch.manual_seed(0)
    net = Transformer(replace(SMALL, variant=variant)).double().eval()
    with torch.no_grad():
        for number, attention in enumerate(net.attentions):
            attention.query.weight.mul_(3)
            if isinstance(attention.span, AdaptiveSpan):
                attention.span.theta.copy_(torch.tensor([0.013, 0.37, 0.83]).roll(number))
            elif isinstance(attention.span, DynamicSpan):
                attention.span.weight.normal_(std=0.3)
                attention.span.bias.copy_(torch.tensor([-4.0, -1.0, 2.0]))
    return net


def dense_weights(net: Transformer, tokens: Tensor) -> Tensor:
    """The weights of every layer and head for int64 [T], over all S distances: [layers, heads, T, S]."""
    h, found = net.embedding(tokens)[None], []
    distance = torch.arange(1, SMALL.span_limit + 1)
    for layer in net.layers:
        attention = layer.attention
        inputs = F.pad(h, (0, 0, SMALL.span_limit, 0))[:, :-1]
        query, key, value = (
            projection(x).unflatten(-1, (3, 4)).transpose(1, 2)
            for projection, x in (
                (attention.query, h),
                (attention.key, inputs),
                (attention.value, inputs),
            )
        )
        z = attention.span(h)
        index = SMALL.span_limit + torch.arange(len(tokens))[:, None] - distance
        score = torch.einsum("htd,htxd->htx", query[0], key[0][:, index] + net.position.T) / 2
        lengths = z[0][..., None] if z.dim() == 3 else z[:, None, None]
        weight = soft_mask(lengths, distance, SMALL.ramp) * score.exp()
        found.append(weight / weight.sum(-1, keepdim=True))
        mixed = oracle_attention(query, key, value, net.position, z, SMALL.ramp)
        h = layer.norm1(h + attention.out(mixed.transpose(1, 2).flatten(2)))
        h = layer.norm2(h + layer.outer(torch.relu(layer.inner(h))))
    return torch.stack(found)


@torch.no_grad()
@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_attention_is_that_of_the_formulas(variant: str, lanes: int) -> None:
    net = small(variant)
    found = measure_use(net, TOKENS, 0.01, block=25, lanes=lanes)
    texts = torch.from_numpy(TOKENS.astype(np.int64)).view(lanes, -1)[:, :-1]
    weights = torch.cat([dense_weights(net, text) for text in texts], 2)
    time, distance = texts.shape[1], torch.arange(1, SMALL.span_limit + 1)
    inside = weights * (distance <= torch.arange(time)[:, None]).repeat(lanes, 1)
    by_token, by_distance = inside.sum(-1), inside.mean(2)
    mass = by_distance.sum(-1)
    same = {"rtol": 1e-9, "atol": 1e-12}
    assert found.tokens == lanes * time
    for number, (first, after) in enumerate(pairwise(found.edges)):
        expected = by_distance[..., first - 1 : after - 1].sum(-1)
        torch.testing.assert_close(found.mass[..., number], expected, **same)
    torch.testing.assert_close(found.outside, 1 - mass, **same)
    torch.testing.assert_close(found.mass.sum(-1) + found.outside, torch.ones(2, 3).double())
    mean = (by_distance * distance).sum(-1) / mass
    torch.testing.assert_close(found.mean_distance, mean, **same)
    share = inside / by_token[..., None].clamp(min=1e-300)
    bits = torch.special.entr(share).sum(-1) / math.log(2)
    entropy = (bits * by_token).sum(-1) / by_token.sum(-1)
    torch.testing.assert_close(found.entropy, entropy, **same)
    for head in np.ndindex(2, 3):
        least = next(
            x for x in range(1, 41) if by_distance[head][:x].sum() >= 0.9 * mass[head] - 1e-12
        )
        assert found.distance_90[head] == least


@contextmanager
def longer(net: Transformer, layer: int, head: int, by: float) -> Iterator[None]:
    """All z of one head shifted."""
    shift = torch.zeros(3, dtype=torch.float64)
    shift[head] = by
    span = net.attentions[layer].span
    hook = span.register_forward_hook(
        lambda _, inputs, z: z + (shift if z.dim() == 1 else shift[:, None])
    )
    yield
    hook.remove()


@torch.no_grad()
@pytest.mark.parametrize("block", [200, 45])
@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_the_pull_is_the_slope_of_the_loss_in_z(variant: str, block: int) -> None:
    net, step = small(variant), 1e-5
    found = measure_use(net, TOKENS, 0.01, block, lanes=1)
    text = torch.from_numpy(TOKENS.astype(np.int64))[None]
    parts, memory = [], None
    for part in text[:, :-1].split(block, 1):
        parts.append((part, memory))
        memory = net(part, memory)[1]

    def loss() -> float:
        """What is remembered of earlier blocks stays what it was."""
        logits = torch.cat([net(part, before)[0] for part, before in parts], 1)
        return F.cross_entropy(logits[0], text[0, 1:]).item()

    for layer, head in np.ndindex(2, 3):
        with longer(net, layer, head, step):
            above = loss()
        with longer(net, layer, head, -step):
            below = loss()
        slope = (above - below) / (2 * step)
        assert found.pull is not None and abs(slope) > 1e-7
        assert found.pull[layer, head].item() == pytest.approx(-slope, rel=1e-4, abs=1e-9)
    assert found.penalty == -0.01 / 3
    assert (found.pull_error is None) == (block == 200)


def test_the_error_of_the_pull_is_that_of_a_mean_over_blocks() -> None:
    net, block = small("adaptive"), 26
    found = measure_use(net, TOKENS, 0.01, block, lanes=1)
    assert found.pull is not None and found.pull_error is not None
    memory, pulls = None, []
    text = torch.from_numpy(TOKENS.astype(np.int64))[None]
    for start in range(0, 182, block):
        states, _, _, memory = net.read(text[:, start : start + block], memory)
        targets = text[0, start + 1 : start + 1 + block]
        loss = F.cross_entropy(net.logits(states[-1])[0], targets)
        thetas = [attention.span.theta for attention in net.attentions]
        pulls.append(-torch.stack(torch.autograd.grad(loss, thetas)) / SMALL.span_limit)
    every = torch.stack(pulls)
    torch.testing.assert_close(found.pull, every.mean(0))
    torch.testing.assert_close(found.pull_error, every.std(0) / len(pulls) ** 0.5)


def test_fixed_lengths_feel_no_force() -> None:
    found = measure_use(small("fixed"), TOKENS, 0.01)
    assert found.pull is found.pull_error is found.penalty is None


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_net_is_left_as_it_was(variant: str) -> None:
    net = small(variant).train()
    tokens = torch.from_numpy(TOKENS.astype(np.int64))[None]
    logits, _ = net(tokens)
    logits.sum().backward()
    weights = {name: p.detach().clone() for name, p in net.state_dict().items()}
    gradients = {
        name: None if p.grad is None else p.grad.clone() for name, p in net.named_parameters()
    }
    random = torch.get_rng_state()
    first, again = measure_use(net, TOKENS, 0.01), measure_use(net, TOKENS, 0.01)
    assert first.to_dict() == again.to_dict()
    assert all(module.training for module in net.modules())
    assert torch.equal(torch.get_rng_state(), random) and torch.is_grad_enabled()
    for name, p in net.named_parameters():
        assert torch.equal(p, weights[name]) and p.requires_grad
        assert p.grad is None if gradients[name] is None else torch.equal(p.grad, gradients[name])
    assert torch.equal(net(tokens)[0], logits)


def test_numbers_survive_the_summary_and_ill_shaped_ones_are_refused() -> None:
    config = small("adaptive").config
    found = measure_use(small("adaptive"), TOKENS, 0.01, block=45)
    values = json.loads(json.dumps(found.to_dict()))
    back = HeadUse.from_dict(values, config)
    assert back.to_dict() == values
    torch.testing.assert_close(back.mass, found.mass, rtol=1e-4, atol=0)
    torch.testing.assert_close(back.pull, found.pull, rtol=1e-4, atol=0)
    for wrong in (
        {"edges": [1, 41]},
        {"mass": values["outside"]},
        {"outside": [[0, 0, 0], [0, 0, math.nan]]},
        {"pull": 1},
        {"entropy": [[{}, 0, 0], [0, 0, 0]]},
        {"entropy": [[10**400, 0, 0], [0, 0, 0]]},
        {"penalty": "much"},
        {"tokens": None},
        {"more": 1},
    ):
        with pytest.raises((TypeError, ValueError)):
            HeadUse.from_dict({**values, **wrong}, config)
    with pytest.raises(KeyError):
        HeadUse.from_dict({k: v for k, v in values.items() if k != "entropy"}, config)


@pytest.mark.parametrize("limit", [1, 2, 3, 40, 512, 8192])
def test_bins_grow_by_about_half_an_octave_and_cover_every_distance(limit: int) -> None:
    edges = log_edges(limit)
    assert edges[0] == 1 and edges[-1] == limit + 1
    ratios = [after / first for first, after in pairwise(edges)]
    assert all(ratio > 1 for ratio in ratios)
    assert all(1.3 < r < 1.55 for r, first in zip(ratios, edges, strict=False) if first >= 8)


def test_a_sample_is_spread_over_the_split() -> None:
    split = np.arange(40_000)
    assert held_out_sample(split, 512).tolist() == [*range(4096), *range(20_000, 24_096)]
    assert len(held_out_sample(split, 2048)) == 2 * 8192
    assert len(held_out_sample(split[:101], 512)) == 100


def test_too_few_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 6 are needed"):
        measure_use(small("fixed"), TOKENS[:5], None)


def test_a_checkpoint_gets_it_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = RunSpec(replace(SMALL, variant="dynamic"), TrainingConfig(block=30, span_penalty=0.3))
    folder, summary = (
        tmp_path / "step-00000001",
        {
            "bpc": {"part": 1.0, "valid": None, "test": None},
            "tokens": 1,
            "seconds": 1.0,
            "created": "2026-01-01T00:00:00+00:00",
        },
    )
    net = Transformer(spec.model).eval()
    checkpoint.save(folder, net, spec, 1, summary)
    summary = checkpoint.read_summary(folder)
    with pytest.raises(CheckpointError, match=r"python -m model\.use adds it"):
        read_use(folder)
    corpus = corpora.Corpus("classics", "text8", TOKENS, TOKENS, TOKENS, {})
    monkeypatch.setattr(use.corpora, "load", lambda *_: corpus)
    before = (folder / "summary.json").read_bytes()
    assert use.main([str(folder)]) == 1
    assert capsys.readouterr().err == "error: classics is in text8, this model reads bytes\n"
    assert (folder / "summary.json").read_bytes() == before
    monkeypatch.setattr(use.corpora, "load", lambda *_: replace(corpus, alphabet="bytes"))
    assert use.main([str(folder)]) == 0
    expected = measure_use(net, held_out_sample(TOKENS, 40), 0.3, block=30)
    assert read_use(folder).to_dict() == expected.to_dict()
    assert {**checkpoint.read_summary(folder), "use": None} == {**summary, "use": None}
    damaged = {**summary, "use": {**expected.to_dict(), "outside": [[0.5]]}}
    (folder / "summary.json").write_text(json.dumps(damaged))
    with pytest.raises(CheckpointError, match=r"does not fit config\.json"):
        read_use(folder)
