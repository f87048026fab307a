"""What shorter spans would cost and save: a text read as it is, and with the spans of some heads cut."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.cost import cache_bytes, flops
from model.config import ConfigError, ModelConfig
from model.evaluate import evaluate
from model.probe import read
from model.transformer import Cut as Cut
from model.transformer import Transformer

Read = Callable[[], tuple[float, Tensor]]
"""Reads a text: mean bits a token, NaN where there is one token, and the mean span of every head, [layers, heads]."""

PACE_TOKENS = 16_384
ROUNDS, ENOUGH_SECONDS = 5, 2.0
"""How often a text is read both ways: less often if that takes longer, since noise is then small beside it."""


@dataclass(frozen=True)
class Change:
    """A number before and after the cut."""

    before: float
    after: float


@dataclass(frozen=True)
class WhatIf:
    """What a cut changes: mean bits a token, multiply-adds a token, bytes of cache, seconds of reading."""

    bpc: Change
    flops: Change
    cache_bytes: Change
    seconds: Change


def parse_cut(text: str) -> Cut:
    """`L4H3=128` as (4, 3, 128). Raises ConfigError."""
    found = re.fullmatch(r"L(\d{1,9})H(\d{1,9})=(\d{1,9})", text, re.ASCII)
    if not found:
        raise ConfigError(f"{text!r} cuts no span; write L4H3=128 for layer 4, head 3, 128 tokens")
    layer, head, span = map(int, found.groups())
    return layer, head, span


def parse_cuts(texts: Iterable[str], config: ModelConfig) -> list[Cut]:
    """`parse_cut` of each. Raises ConfigError, also for a head that is not there or cut twice, and a span beyond S."""
    cuts: list[Cut] = []
    for text in texts:
        layer, head, span = cut = parse_cut(text)
        if layer >= config.layers or head >= config.heads:
            detail = f"layers go to {config.layers - 1}, heads to {config.heads - 1}"
            raise ConfigError(f"{text}: there is no such head; {detail}")
        if not 1 <= span <= config.span_limit:
            raise ConfigError(f"{text}: a span is from 1 to {config.span_limit}")
        if any(cut[:2] == other[:2] for other in cuts):
            raise ConfigError(f"{text}: this head is cut already")
        cuts.append(cut)
    return cuts


def what_if(net: Transformer, cuts: Sequence[Cut], reading: Read) -> WhatIf:
    """Read both ways, in turn so that the times compare; the shortest counts: what disturbs a reading only adds to it.

    Raises ValueError as `Transformer.cut` does, and what the reading raises.
    """
    rounds: list[tuple[float, float]] = []
    began = time.perf_counter()
    while not rounds or (len(rounds) < ROUNDS and time.perf_counter() - began < ENOUGH_SECONDS):
        bpc_before, spans_before, seconds_before = _timed(net, [], reading)
        bpc_after, spans_after, seconds_after = _timed(net, cuts, reading)
        rounds.append((seconds_before, seconds_after))
    before, after = zip(*rounds, strict=True)
    config = net.config
    return WhatIf(
        Change(bpc_before, bpc_after),
        Change(*(flops(config, x.mean().item()) for x in (spans_before, spans_after))),
        Change(
            cache_bytes(config, kept_tokens(config, spans_before)),
            cache_bytes(config, kept_tokens(config, spans_after, cuts)),
        ),
        Change(min(before), min(after)),
    )


def _timed(net: Transformer, cuts: Sequence[Cut], reading: Read) -> tuple[float, Tensor, float]:
    with net.cut(cuts):
        started = time.perf_counter()
        bpc, spans = reading()
        return bpc, spans, time.perf_counter() - started


def pace(net: Transformer, tokens: np.ndarray) -> float:
    """How many tokens of uint8 [T] a model reads in a second, as `evaluate` reads them: of some of them, at its best."""
    some, fastest = tokens[:PACE_TOKENS], math.inf
    for _ in range(ROUNDS):
        began = time.perf_counter()
        evaluate(net, some)
        fastest = min(fastest, time.perf_counter() - began)
    return len(some) / fastest


def kept_tokens(config: ModelConfig, spans: Tensor, cuts: Sequence[Cut] = ()) -> float:
    """How many tokens the caches of all heads hold, given their spans [layers, heads].

    `dynamic` keeps the most that a span may be, whatever the spans: S, or less where a head is trimmed or cut.
    """
    if config.variant != "dynamic":
        return spans.sum().item()
    heads = [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    kept = {place: config.most_span(*place) for place in heads}
    for layer, head, span in cuts:
        kept[layer, head] = min(kept[layer, head], span)
    return float(sum(kept.values()))


def reading_of_text(net: Transformer, tokens: Tensor, first: int = 0) -> Read:
    """Of int64 [T]: all of it is read, and means are over the tokens from `first` on, of which there must be one."""

    def reading() -> tuple[float, Tensor]:
        found = read(net, tokens, ["span"], first=first)
        return found.bpc, found.fields["span"].double().mean(0)

    return reading


def reading_of_split(net: Transformer, tokens: np.ndarray) -> Read:
    """Of uint8 [T], as `evaluate` reads it."""
    first = torch.from_numpy(tokens[:1].astype(np.int64))

    def reading() -> tuple[float, Tensor]:
        found = evaluate(net, tokens)
        # the spans that do not follow the token are those of any one
        spans = found.spans.span if found.spans else read(net, first, ["span"]).fields["span"][0]
        return found.bpc, spans.double()

    return reading
