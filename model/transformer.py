"""The transformer: layers that remember their own inputs, and logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.attention import Group, banded_attention, group_heads
from model.config import ModelConfig
from model.span import AdaptiveSpan, reach_of, soft_mask, span_module

Memory = list[Tensor]
"""What each layer read before: [batch, at most S, D]. Where it is shorter than a reach, the text had not begun."""


class SpanAttention(nn.Module):
    """Multi-head attention whose heads learn how far back to look (section 2.2 of the paper)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.query, self.key, self.value, self.out = (
            nn.Linear(config.hidden, config.hidden, bias=False) for _ in range(4)
        )
        self.span = span_module(config.variant, config.heads, config.span_limit, config.z_start)
        self._groups: tuple[object, list[Group]] = (None, [])

    @property
    def groups(self) -> list[Group]:
        """The heads by reach, regrouped only when z has changed."""
        learned = self.span.theta if isinstance(self.span, AdaptiveSpan) else self.span.z
        version = (learned.data_ptr(), learned.dtype, learned._version)
        if self._groups[0] != version:
            ramp, limit = self.config.ramp, self.config.span_limit
            reaches = [reach_of(z, ramp, limit) for z in self.span.z.tolist()]
            self._groups = (version, group_heads(reaches))
        return self._groups[1]

    def project(self, weight: Tensor, group: Group, inputs: Tensor) -> Tensor:
        """Project [batch, time, D] for the heads of a group alone: [batch, heads, time, d]."""
        rows = weight.view(self.config.heads, self.config.head_dim, -1)[list(group.heads)]
        projected = F.linear(inputs, rows.flatten(0, 1))
        return projected.view(*inputs.shape[:2], len(group.heads), -1).transpose(1, 2)

    def operands(
        self, h: Tensor, memory: Tensor, position: Tensor, group: Group
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What banded_attention takes for a group: query, key, value, position, mask."""
        width = group.width
        # a token never attends to itself: the last input is nobody's key in this block
        inputs = torch.cat([memory[:, -width:], h[:, :-1]], 1)
        inputs = F.pad(inputs, (0, 0, width + h.shape[1] - 1 - inputs.shape[1], 0))
        distance = torch.arange(1, width + 1, device=h.device)
        mask = soft_mask(self.span.z[list(group.heads), None], distance, self.config.ramp)
        return (
            self.project(self.query.weight, group, h),
            self.project(self.key.weight, group, inputs),
            self.project(self.value.weight, group, inputs),
            position[:, :width],
            mask.to(h.dtype),
        )

    def forward(self, h: Tensor, memory: Tensor, position: Tensor) -> Tensor:
        dropout = self.config.dropout if self.training else 0.0
        outputs, order = [], list[int]()
        for group in self.groups:
            outputs.append(banded_attention(*self.operands(h, memory, position, group), dropout))
            order += group.heads
        heads = torch.cat(outputs, 1)
        if order != sorted(order):
            heads = heads[:, torch.tensor(order, device=h.device).argsort()]
        return self.out(heads.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Post-norm: h = LN(h + Attention(h)), h = LN(h + W2 relu(W1 h + b1) + b2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention = SpanAttention(config)
        self.norm1 = nn.LayerNorm(config.hidden)
        self.inner = nn.Linear(config.hidden, config.inner)
        self.outer = nn.Linear(config.inner, config.hidden)
        self.norm2 = nn.LayerNorm(config.hidden)
        self.dropout = config.dropout

    def forward(self, h: Tensor, memory: Tensor, position: Tensor) -> Tensor:
        h = self.norm1(h + self.attention(h, memory, position))
        inner = F.dropout(F.relu(self.inner(h)), self.dropout, self.training)
        return self.norm2(h + self.outer(inner))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """`logits, memory = net(tokens, memory)`: int64 [batch, time] to [batch, time, symbols]."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.symbols, config.hidden)
        self.position = nn.Parameter(
            config.position_std * torch.randn(config.head_dim, config.span_limit)
        )
        layers = [Layer(config) for _ in range(config.layers)]
        self.layers = nn.ModuleList(layers)
        self.attentions = [layer.attention for layer in layers]
        self.logits = nn.Linear(config.hidden, config.symbols)

    @property
    def z(self) -> Tensor:
        """The learned lengths [layers, heads], tokens."""
        return torch.stack([attention.span.z for attention in self.attentions])

    def span_penalty(self) -> Tensor:
        """The sum over layers of the mean z over heads, to be multiplied by lambda (equation 3)."""
        return self.z.mean(1).sum()

    def clamp_spans_(self) -> None:
        """To be called after each update."""
        for attention in self.attentions:
            attention.span.clamp_()

    def reach(self, layer: int) -> int:
        """How many inputs a layer must remember: in training S, since spans may grow."""
        if self.training:
            return self.config.span_limit
        return max(group.width for group in self.attentions[layer].groups)

    def hidden_states(
        self, tokens: Tensor, memory: Sequence[Tensor] | None = None
    ) -> tuple[list[Tensor], Memory, Memory]:
        """The inputs of every layer and the last output, the memory they met, and the memory to pass on."""
        h = self.embedding(tokens)
        before = (
            list(memory) if memory else [h.new_zeros(h.shape[0], 0, h.shape[2])] * len(self.layers)
        )
        states, after = [h], []
        for number, layer in enumerate(self.layers):
            seen = torch.cat([before[number], h.detach()], 1)
            after.append(seen[:, -self.reach(number) :])
            h = layer(h, before[number], self.position)
            states.append(h)
        return states, before, after

    def forward(
        self, tokens: Tensor, memory: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, Memory]:
        states, _, after = self.hidden_states(tokens, memory)
        return self.logits(states[-1]), after
