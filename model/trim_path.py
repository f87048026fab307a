"""From what each head needs to spans for all heads: in which order to cut them, and how far."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from model.config import Budget
from model.needs import Loss, Needs
from model.transformer import Cut


class Offer(NamedTuple):
    """A span that a head may have: its cost and the bits that it loses."""

    span: int
    cost: float
    bits: float


@dataclass(frozen=True)
class Point:
    """Spans for all heads [layers, heads], what they lose together on the sample, and the tokens that caches then hold."""

    spans: list[list[int]]
    bits: float
    error: float | None
    mean_span: float
    kept: int

    def to_dict(self) -> dict[str, Any]:
        return vars(self)


class TrimPath:
    """Cuts in their order, those first that lose the fewest bits, and their standard error, for what they save.

    Made of what each head loses alone, and of the spans that they have on that sample [layers, heads]; how far to go
    is judged by what they lose `together`, on another one.

    Costs are what the budget counts: tokens of the mean span of all heads, or tokens in their caches.
    """

    def __init__(
        self,
        of_heads: Mapping[tuple[int, int], Sequence[Loss]],
        spans: Tensor,
        together: Needs,
        budget: Budget,
    ) -> None:
        self.together, self.budget = together, budget
        self.config = together.sample.net.config
        self.mean_span = together.sample.uncut[1].mean().item()
        dynamic = self.config.variant == "dynamic"
        self.most = {
            place: self.config.most_span(*place) if dynamic else int(spans[place].item())
            for place in of_heads
        }
        """The most that the span of each head can be, tokens."""
        whole = spans.mean().item()
        steps = [
            (slope, (*place, span))
            for place, losses in of_heads.items()
            for slope, span in cheapest(self._offers(self.most[place], whole, losses))
        ]
        self.steps: list[Cut] = [cut for _, cut in sorted(steps, key=lambda step: step[0])]

    def _offers(self, most: int, mean_span: float, losses: Sequence[Loss]) -> list[Offer]:
        """Of a head: first what it has."""
        whole = Offer(most, mean_span, 0.0)
        # what is saved is certain, what is lost is known so well
        offers = [
            whole,
            *(Offer(x.cuts[0][2], x.mean_span, x.bits + (x.error or 0)) for x in losses),
        ]
        if self.budget.kind == "cache":
            return [offer._replace(cost=offer.span) for offer in offers]
        return offers

    def cuts(self, length: int) -> list[Cut]:
        """All cuts after so many steps."""
        spans = {(layer, head): span for layer, head, span in self.steps[:length]}
        return [(*place, span) for place, span in spans.items()]

    def loss(self, length: int) -> Loss:
        """What these cuts lose together; measured where it is not known."""
        if not length:
            return Loss((), 0.0, 0.0, self.mean_span)
        return self.together.loss(self.cuts(length))

    def kept(self, length: int) -> int:
        """How many tokens all caches then hold."""
        spans = {(layer, head): span for layer, head, span in self.steps[:length]}
        return sum((self.most | spans).values())

    def spans(self, length: int) -> list[list[int]]:
        """The most that the span of each head may then be, [layers, heads]: S where it is not cut."""
        config = self.config
        own = {(layer, head): span for layer, head, span in self.steps[:length]}
        return [
            [own.get((i, j), config.most_span(i, j)) for j in range(config.heads)]
            for i in range(config.layers)
        ]

    def point(self, length: int) -> Point:
        """As it is drawn."""
        loss = self.loss(length)
        return Point(self.spans(length), loss.bits, loss.error, loss.mean_span, self.kept(length))

    def within_bits(self, most: float, more: float = 0.0) -> int:
        """How many steps lose no more bits, where each loses so much `more` than the sample says."""
        beyond = self._first(lambda length: self.loss(length).bits + more * length > most)
        return (beyond or len(self.steps) + 1) - 1

    def within_share(self, share: float) -> int | None:
        """How many steps leave no more than a share of what the budget counts; None where all of them leave more."""
        # a span that does not follow the token costs as many multiply-adds as it keeps tokens
        if self.budget.kind == "cache" or self.config.variant != "dynamic":
            return self._first(lambda length: self.kept(length) <= share * self.kept(0))
        return self._first(lambda length: self.loss(length).mean_span <= share * self.mean_span)

    def _first(self, holds: Callable[[int], bool]) -> int | None:
        """The fewest steps with which something holds that goes on to hold; found by halving."""
        length = bisect.bisect_left(range(1, len(self.steps) + 1), True, key=holds) + 1
        return length if length <= len(self.steps) else None


def cheapest(offers: Sequence[Offer]) -> list[tuple[float, int]]:
    """What to take of a head's offers, one after another: bits lost for each cost saved, which rises, and the span.

    The first offer is what the head has; the rest of the lower convex hull over them follows.
    """
    taken = list[tuple[float, int]]()
    at, rest = offers[0], list(offers[1:])
    while rest:
        slopes = [_slope(at, offer) for offer in rest]
        best = min(range(len(rest)), key=lambda i: (slopes[i], -i))
        if slopes[best] == math.inf:
            break
        at, rest = rest[best], rest[best + 1 :]
        taken.append((slopes[best], at.span))
    return taken


def _slope(one: Offer, other: Offer) -> float:
    """Bits lost for each cost saved; none is worth it that saves nothing, unless it loses nothing either."""
    saved, lost = one.cost - other.cost, other.bits - one.bits
    if saved > 0:
        return lost / saved
    return -math.inf if saved == 0 and lost <= 0 else math.inf
