"""The layer as flex_attention can express it: a score_mod that looks q . p and log m up by distance. No backward on a CPU."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask, flex_attention


class Flex:
    """Compiled for a layer whose cache holds `length` positions."""

    def __init__(self, length: int) -> None:
        self.length = length
        torch.compiler.reset()  # every length is compiled anew, and few are kept at once
        self.run = torch.compile(flex_attention, dynamic=False)
        self.blocks: object = None

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        position: Tensor,
        mask: Tensor,
        dropout: float,
    ) -> Tensor:
        """Shapes as for the baseline; no dropout."""
        scale = 1 / math.sqrt(query.shape[-1])
        bias = (query @ position) * scale + mask.log()  # [n, M, L], the oldest first
        length = self.length

        def within(batch: Tensor, head: Tensor, row: Tensor, column: Tensor) -> Tensor:
            return (column >= row) & (column < row + length)

        def score_mod(
            score: Tensor, batch: Tensor, head: Tensor, row: Tensor, column: Tensor
        ) -> Tensor:
            return score + bias[head, row, (column - row).clamp(0, length - 1)]

        if self.blocks is None:
            self.blocks = create_block_mask(
                within, None, None, query.shape[1], key.shape[1], device="cpu"
            )
        return self.run(  # type: ignore[no-any-return]
            query[None], key[None], value[None], score_mod, self.blocks, scale
        )[0]
