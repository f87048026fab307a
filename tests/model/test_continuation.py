"""Writing on: the same as reading what was written."""

from __future__ import annotations

import math
from itertools import islice

import pytest
import torch

from model.config import Variant
from model.continuation import write_on
from model.probe import read
from tests.model.test_bands import random_net


@pytest.mark.parametrize("variant", ["adaptive", "dynamic"])
def test_what_is_written_has_the_bits_and_spans_of_reading_it(variant: Variant) -> None:
    net, text = random_net(variant), torch.randint(256, (60,))
    steps = list(islice(write_on(net, text, 1.0, 7), 40))
    written = torch.tensor([step.token for step in steps])
    reading = read(net, torch.cat([text, written]), ["span"], first=60)
    torch.testing.assert_close(torch.tensor([step.bits for step in steps]), reading.bits)
    assert torch.equal(torch.stack([step.spans for step in steps]), reading.fields["span"].long())


def test_at_temperature_0_it_takes_the_likeliest_and_near_0_the_same() -> None:
    net, text = random_net("adaptive"), torch.randint(256, (60,))
    greedy = [step.token for step in islice(write_on(net, text, 0, 0), 20)]
    memory, tokens = None, text[None]
    for token in greedy:
        logits, memory = net(tokens, memory)
        assert token == logits[0, -1].argmax()
        tokens = torch.tensor([[token]])
    assert greedy == [step.token for step in islice(write_on(net, text, 1e-30, 5), 20)]


def test_tokens_are_drawn_as_often_as_the_model_says() -> None:
    net, text = random_net("adaptive"), torch.randint(256, (9,))
    with torch.no_grad():
        net.logits.weight.zero_()
        net.logits.bias.copy_(torch.full((256,), -math.inf))
        net.logits.bias[:2] = torch.tensor([0.75, 0.25]).log().double()
    drawn = [step.token for step in islice(write_on(net, text, 1.0, 3), 1_000)]
    assert 700 < drawn.count(0) < 800 and drawn.count(0) + drawn.count(1) == 1_000
    cooler = [step.token for step in islice(write_on(net, text, 0.5, 3), 1_000)]
    assert 860 < cooler.count(0) < 940  # 0.75^2 / (0.75^2 + 0.25^2) = 0.9


def test_a_seed_gives_one_text_and_another_seed_another() -> None:
    net, text = random_net("dynamic"), torch.randint(256, (60,))
    one, again, other = (
        [step.token for step in islice(write_on(net, text, 1.0, seed), 30)] for seed in (1, 1, 2)
    )
    assert one == again != other
    with pytest.raises(ValueError, match="no tokens"):
        next(write_on(net, text[:0], 1.0, 1))
