"""Attention, dense and plain: what the banded one is compared with."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from model.span import soft_mask


def oracle_attention(
    query: Tensor, key: Tensor, value: Tensor, position: Tensor, z: Tensor, ramp: int
) -> Tensor:
    """The formulas of DESIGN section 2, over all S distances of every head.

    query [batch, heads, time, d]; key and value [batch, heads, S + time - 1, d], the key of index i lying
    S - i before the first query; position [d, S], column x - 1 for distance x; z [heads] or [batch, heads, time].
    Returns [batch, heads, time, d].
    """
    time, limit, head_dim = query.shape[2], position.shape[1], query.shape[3]
    distance = torch.arange(1, limit + 1, device=query.device)
    index = limit + torch.arange(time, device=query.device)[:, None] - distance  # [time, S]
    keys, values = key[:, :, index], value[:, :, index]  # [batch, heads, time, S, d]
    score = torch.einsum("bhtd,bhtxd->bhtx", query, keys + position.T) / math.sqrt(head_dim)
    lengths = z[:, None, None] if z.dim() == 1 else z.unsqueeze(-1)
    mask = soft_mask(lengths, distance, ramp)  # [heads, 1, S] or [batch, heads, time, S]
    unmasked = torch.softmax(score, dim=-1)
    weight = mask * unmasked / (mask * unmasked).sum(-1, keepdim=True)
    return torch.einsum("bhtx,bhtxd->bhtd", weight, values)
