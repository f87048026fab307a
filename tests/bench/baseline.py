"""What ours is measured against: a layer written the original's way, and PyTorch's own attention.

Every head of a layer pays for the layer's longest span, rounded up to 64; keys and values of the whole cache are
projected at every block; scores are shifted between the two layouts by padding and viewing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.span import soft_mask
from model.transformer import Layer, SpanAttention, Transformer

ROUND = 64
Attend = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, float], Tensor]


def longest_span(spans: Sequence[int], limit: int) -> int:
    """L: how many positions the cache of a layer holds."""
    return min(limit, math.ceil(max(spans) / ROUND) * ROUND)


def mask_of(z: Tensor, length: int, ramp: int) -> Tensor:
    """m [heads, 1, L], or [heads, time, L] for z [heads, time]; the oldest first."""
    return soft_mask(z.view(z.shape[0], -1, 1), torch.arange(length, 0, -1, device=z.device), ramp)


def to_distances(scores: Tensor) -> Tensor:
    """[n, M, L + M], by key, as [n, M, L], by distance from the oldest."""
    n, time, keys = scores.shape
    padded = F.pad(scores.reshape(n, -1), (0, time)).view(n, time, keys + 1)
    return padded[:, :, : keys - time]


def to_keys(weights: Tensor) -> Tensor:
    """The inverse: [n, M, L] as [n, M, L + M], zeros elsewhere."""
    n, time, length = weights.shape
    padded = F.pad(weights, (0, time + 1)).view(n, -1)
    return padded[:, :-time].view(n, time, length + time)


def spelled_out(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, mask: Tensor, dropout: float
) -> Tensor:
    """query [n, M, d], key and value [n, L + M, d], position [d, L] from the oldest, mask [n, 1 or M, L]."""
    score = to_distances(query @ key.transpose(1, 2))
    score = (score + query @ position) / math.sqrt(query.shape[-1])
    weight = torch.softmax(score, -1) * mask
    weight = weight / (weight.sum(-1, keepdim=True) + 1e-8)
    return to_keys(F.dropout(weight, dropout)) @ value


def scaled_dot_product(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, mask: Tensor, dropout: float
) -> Tensor:
    """PyTorch's attention under a sliding-window mask: q . p and log m in a band of -inf."""
    bias = query @ position / math.sqrt(query.shape[-1]) + mask.log()
    n, time, length = bias.shape
    padded = F.pad(bias, (0, time + 1), value=-math.inf).view(n, -1)
    window = padded[:, :-time].view(n, time, length + time)
    return F.scaled_dot_product_attention(
        query[None], key[None], value[None], window[None], dropout
    )[0]


class Baseline(nn.Module):
    """A transformer of ours, read the original's way: same parameters, same results."""

    def __init__(self, net: Transformer, attend: Attend = spelled_out) -> None:
        super().__init__()
        self.net, self.config, self.attend = net, net.config, attend
        self.lengths = [
            longest_span(
                [math.ceil(z) + self.config.ramp for z in layer.flatten().tolist()],
                self.config.span_limit,
            )
            for layer in (attention.span(torch.empty(0)) for attention in net.attentions)
        ]

    def forward(self, tokens: Tensor, cache: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """int64 [batch, M] and the last L inputs of every layer give logits and the inputs to keep."""
        h, after = self.net.embedding(tokens), []
        for layer, remembered in zip(self.net.layers, cache, strict=True):
            assert isinstance(layer, Layer)
            inputs = torch.cat([remembered, h], 1)
            after.append(inputs[:, h.shape[1] :].detach())
            h = layer.norm1(h + self.attention(layer.attention, h, inputs))
            inner = F.dropout(F.relu(layer.inner(h)), self.config.dropout, self.training)
            h = layer.norm2(h + layer.outer(inner))
        return self.net.logits(h), after

    def attention(self, attention: SpanAttention, h: Tensor, inputs: Tensor) -> Tensor:
        """Attention of [batch, M, D] over inputs [batch, L + M, D]."""
        length, heads = inputs.shape[1] - h.shape[1], self.config.heads
        query, key, value = (
            projection(x).unflatten(2, (heads, -1)).transpose(1, 2).flatten(0, 1)
            for projection, x in (
                (attention.query, h),
                (attention.key, inputs),
                (attention.value, inputs),
            )
        )
        z = attention.span(h)
        z = z.repeat(len(h)) if z.dim() == 1 else z.flatten(0, 1)
        mask = mask_of(z, length, self.config.ramp)
        position = self.net.position[:, :length].flip(-1)
        dropout = self.config.dropout if self.training else 0.0
        mixed = self.attend(query, key, value, position, mask, dropout)
        mixed = mixed.unflatten(0, (len(h), heads)).transpose(1, 2).flatten(2)
        return attention.out(mixed)

    def empty_cache(self, batch: int) -> list[Tensor]:
        weight = self.net.logits.weight
        return [weight.new_zeros(batch, length, self.config.hidden) for length in self.lengths]
