"""The transformer: layers that remember what they read, and logits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attention import Observer, banded_attention
from model.config import ModelConfig
from model.dropout import Dropout
from model.slabs import Group, extend, group_heads
from model.span import AdaptiveSpan, FixedSpan, cut_at, span_module

Memory = list[Tensor]
"""What each layer read before, zeros where the text had not begun.

In training its inputs [batch, up to S, D], to be projected anew as the weights change; else its keys and values
[2, batch, sum of the widths of all heads (or of S, where the next token's reach is unknown), d], never projected again.
"""

Cut = tuple[int, int, int]
"""(layer, head, span in tokens)."""


class Operands(NamedTuple):
    """What banded_attention takes."""

    query: Tensor
    key: Tensor
    value: Tensor
    position: Tensor
    z: Tensor
    ramp: int
    groups: tuple[Group, ...]


class Pass(NamedTuple):
    """A block on its way through the layers."""

    states: list[Tensor]
    """The input of every layer and the last output: [batch, time, D] each."""
    z: list[Tensor]
    """The lengths in every layer, tokens: [heads], or [batch, heads, time] where they follow the token."""
    before: Memory
    """What the layers remembered when the block came."""
    memory: Memory
    """What they remember now."""


class SpanAttention(nn.Module):
    """Multi-head attention whose heads learn how far back to look (section 2.2 of the paper).

    `most_spans`, where there are some, is the most that the span of each head may be (tokens).
    """

    def __init__(self, config: ModelConfig, most_spans: Sequence[int] = ()) -> None:
        super().__init__()
        self.config = config
        self.query, self.key, self.value, self.out = (
            nn.Linear(config.hidden, config.hidden, bias=False) for _ in range(4)
        )
        self.span = span_module(
            config.variant, config.heads, config.span_limit, config.hidden, config.z_start
        )
        if most_spans:
            cuts = [cut_at(span, config.ramp, config.span_limit) for span in most_spans]
            self.span.cut = torch.tensor(cuts, device="cpu")
        self._grouped: tuple[object, tuple[Group, ...]] = (None, ())
        self._held: tuple[Group, ...] = ()
        self.growth = float(config.span_limit)
        """How far an adaptive z may grow until heads are grouped again, tokens: training remembers so much more."""
        self.observer: Observer | None = None
        """Is shown the weights of what is read without gradients."""

    def group(self, lengths: Sequence[float], margin: float) -> None:
        """Group the heads by lengths (tokens) that may move by a margin until this is called again."""
        config = self.config
        self._held = group_heads(lengths, config.ramp, config.span_limit, margin)

    def groups(self, z: Tensor) -> tuple[Group, ...]:
        """The heads by reach. Where nothing holds them, they are grouped anew when z has changed."""
        config = self.config
        if z.dim() == 3 and self.training:
            return group_heads(z.amax((0, 2)).tolist(), config.ramp, config.span_limit)
        if z.dim() == 3:
            return group_heads([z.max().item()] * config.heads, config.ramp, config.span_limit)
        if self._held and self.training:
            return self._held
        learned = self.span.theta if isinstance(self.span, AdaptiveSpan) else z
        cut = None if self.span.cut is None else tuple(self.span.cut.tolist())
        state = (learned.data_ptr(), learned.dtype, learned._version, cut)
        made_of, groups = self._grouped
        if made_of != state:
            groups = group_heads(z.tolist(), config.ramp, config.span_limit)
            self._grouped = (state, groups)
        return groups

    def reach(self) -> int:
        """How many distances its heads may need, tokens: S where they follow the token."""
        if isinstance(self.span, AdaptiveSpan):
            return max(group.width for group in self.groups(self.span(self.query.weight)))
        return self.config.span_limit

    def heads(self, projected: Tensor) -> Tensor:
        """[batch, time, heads * d] as [batch, heads, time, d]."""
        batch, time, _ = projected.shape
        return projected.view(batch, time, -1, self.config.head_dim).transpose(1, 2)

    def operands(self, h: Tensor, memory: Tensor | None, position: Tensor) -> Operands:
        """What banded_attention takes for inputs [batch, time, D]."""
        return self.remember(h, memory, position)[0]

    def remember(
        self, h: Tensor, memory: Tensor | None, position: Tensor
    ) -> tuple[Operands, Tensor]:
        """The same, and the memory for the next block."""
        with torch.autocast(h.device.type, enabled=False):
            z = self.span(h)
        groups = self.groups(z)
        if self.training:
            key, value, after = self._projected_anew(h, memory, groups)
        else:
            key, value, after = self._extended(h, memory, groups)
        query = self.heads(self.query(h))
        return Operands(query, key, value, position, z, self.config.ramp, groups), after

    def _projected_anew(
        self, h: Tensor, memory: Tensor | None, groups: tuple[Group, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Keys and values of what each group reaches, from remembered inputs."""
        time, hidden = h.shape[1:]
        keys, values = list[Tensor](), list[Tensor]()
        for group in groups:
            inputs = torch.cat([_last(memory, h, group.width), h], 1)
            for projection, parts in ((self.key, keys), (self.value, values)):
                weight = projection.weight
                if len(group.heads) < self.config.heads:
                    rows = weight.view(self.config.heads, -1, hidden)[list(group.heads)]
                    weight = rows.flatten(0, 1)
                parts.append(self.heads(F.linear(inputs, weight)).flatten(1, 2))
        keep = self.config.span_limit
        if self.config.variant == "adaptive":
            keep = min(keep, max(group.width for group in groups) + math.ceil(self.growth))
        after = torch.cat([_last(memory, h, max(0, keep - time)), h.detach()[:, -keep:]], 1)
        return torch.cat(keys, 1), torch.cat(values, 1), after

    def _extended(
        self, h: Tensor, memory: Tensor | None, groups: tuple[Group, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Keys and values remembered, and those of the block."""
        # of a dynamic span all of S is kept, since the next token's z is unknown
        keep = self.config.span_limit if self.config.variant == "dynamic" else None
        if memory is None:
            rows = sum(len(group.heads) * (keep or group.width) for group in groups)
            memory = h.new_zeros(2, h.shape[0], rows, self.config.head_dim)
        key, kept_key = extend(memory[0], self.heads(self.key(h)), groups, keep)
        value, kept_value = extend(memory[1], self.heads(self.value(h)), groups, keep)
        return key, value, torch.stack([kept_key, kept_value]).detach()

    def forward(
        self, h: Tensor, memory: Tensor | None, position: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The output [batch, time, D], z, and the memory for the next block."""
        operands, after = self.remember(h, memory, position)
        dropout = self.config.dropout if self.training else 0.0
        heads = banded_attention(*operands, dropout, self.observer)
        return self.out(heads.transpose(1, 2).flatten(2)), operands.z, after


def _last(memory: Tensor | None, h: Tensor, count: int) -> Tensor:
    """The last inputs remembered [batch, count, D], zeros where the text had not begun."""
    if memory is None:
        return h.new_zeros(h.shape[0], count, h.shape[2])
    missing = max(0, count - memory.shape[1])
    return F.pad(memory[:, memory.shape[1] + missing - count :], (0, 0, missing, 0))


class Layer(nn.Module):
    """Post-norm: h = LN(h + Attention(h)), h = LN(h + W2 relu(W1 h + b1) + b2)."""

    def __init__(self, config: ModelConfig, most_spans: Sequence[int] = ()) -> None:
        super().__init__()
        self.attention = SpanAttention(config, most_spans)
        self.norm1 = nn.LayerNorm(config.hidden)
        self.inner = nn.Linear(config.hidden, config.inner)
        self.outer = nn.Linear(config.inner, config.hidden)
        self.norm2 = nn.LayerNorm(config.hidden)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, h: Tensor, memory: Tensor | None, position: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The output [batch, time, D], z, and the memory for the next block."""
        attended, z, after = self.attention(h, memory, position)
        h = self.norm1(h + attended)
        inner = self.dropout(F.relu(self.inner(h), inplace=True))
        return self.norm2(h + self.outer(inner)), z, after


class Transformer(nn.Module):
    """`logits, memory = net(tokens, memory)`: int64 [batch, time] to [batch, time, symbols]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.symbols, config.hidden)
        self.position = nn.Parameter(
            config.position_std * torch.randn(config.head_dim, config.span_limit)
        )
        most_spans = config.most_spans or [()] * config.layers
        layers = [Layer(config, of_layer) for of_layer in most_spans]
        self.layers = nn.ModuleList(layers)
        self.attentions = [layer.attention for layer in layers]
        self.logits = nn.Linear(config.hidden, config.symbols)

    def allow_growth(self, growth: float) -> None:
        """Let training remember what spans reach that grow by so many tokens at most until heads are grouped again."""
        for attention in self.attentions:
            attention.growth = growth

    @property
    def z(self) -> Tensor:
        """The lengths [layers, heads], tokens. Raises TypeError for `dynamic`, where they follow the token."""
        spans = [attention.span for attention in self.attentions]
        known = [
            span.bounded(span.z) for span in spans if isinstance(span, FixedSpan | AdaptiveSpan)
        ]
        if len(known) < len(spans):
            raise TypeError("the lengths of a dynamic span follow the token: read a text")
        return torch.stack(known)

    def span_penalty(self, z: Sequence[Tensor]) -> Tensor:
        """The sum over layers of the mean z over heads and tokens, to be multiplied by lambda (equation 3).

        z as in `Pass`.
        """
        return torch.stack([of_layer.mean() for of_layer in z]).sum()

    def clamp_spans_(self) -> None:
        """To be called after each update."""
        for attention in self.attentions:
            attention.span.clamp_()

    def hold_groups(self, margin: float, lengths: Tensor | None = None) -> Tensor | None:
        """Group the heads for some updates, in which z may grow by no more than the margin (tokens).

        Without it heads are grouped at each update, which takes a look at z from the host: nothing on a CPU, a wait
        on a GPU. What is computed stays exact: `clamp_spans_` keeps z under what the groups can hold. Returns the
        lengths [layers, heads] that the groups were made of, to be given where training resumes between two calls;
        None where spans are not adaptive.
        """
        self.allow_growth(margin)
        spans = [attention.span for attention in self.attentions]
        if not all(isinstance(span, AdaptiveSpan) for span in spans):
            return None
        lengths = self.z.detach().clone() if lengths is None else lengths.to(self.z)
        for attention, own in zip(self.attentions, lengths.tolist(), strict=True):
            attention.group(own, margin)
        for span, own in zip(spans, lengths, strict=True):
            if isinstance(span, AdaptiveSpan):
                span.ceiling = own + margin
        return lengths

    @contextmanager
    def cut(self, spans: Iterable[Cut]) -> Iterator[None]:
        """Read with the spans of some heads cut. The mask is the smallest there is.

        Raises ValueError for a head that is not there and for a span out of [1, S].
        """
        config = self.config
        limits = torch.full((config.layers, config.heads), float(config.span_limit))
        for layer, head, span in spans:
            if not (0 <= layer < config.layers and 0 <= head < config.heads):
                raise ValueError(
                    f"there is no head L{layer}H{head}: layers go to {config.layers - 1}, heads to {config.heads - 1}"
                )
            if not 1 <= span <= config.span_limit:
                raise ValueError(
                    f"L{layer}H{head} cannot be cut at {span}: a span is from 1 to {config.span_limit}"
                )
            cut = cut_at(span, config.ramp, config.span_limit)
            limits[layer, head] = min(limits[layer, head].item(), cut)
        own = [attention.span.cut for attention in self.attentions]
        try:
            for attention, limit in zip(self.attentions, limits, strict=True):
                if bool((limit < config.span_limit).any()):
                    attention.span.cut = attention.span.bounded(limit)
            yield
        finally:
            for attention, before in zip(self.attentions, own, strict=True):
                attention.span.cut = before

    def read(self, tokens: Tensor, memory: Sequence[Tensor] | None = None) -> Pass:
        """int64 [batch, time] through all layers."""
        return self.read_on(self.embedding(tokens), memory)

    def read_on(self, h: Tensor, memory: Sequence[Tensor] | None = None, first: int = 0) -> Pass:
        """The input [batch, time, D] of layer `first` through that and all above, which alone the pass then tells of."""
        before = list(memory or [])
        # the gradient of p is as wide as what the layers are given, so give them no more than they reach
        position = self.position[:, : max(attention.reach() for attention in self.attentions)]
        states, lengths, after = [h], [], []
        for number, layer in enumerate(self.layers[first:]):
            h, z, kept = layer(h, before[number] if before else None, position)
            states.append(h)
            lengths.append(z)
            after.append(kept)
        return Pass(states, lengths, before, after)

    def forward(
        self, tokens: Tensor, memory: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, Memory]:
        block = self.read(tokens, memory)
        return self.logits(block.states[-1]), block.memory
