"""What spans cost: multiply-adds a token as the paper counts them, and bytes of cache (DESIGN section 2)."""

from __future__ import annotations

from model.config import ModelConfig

BYTES_PER_NUMBER = 4


def layer_flops(config: ModelConfig, mean_span: float, *, positions: bool = False) -> float:
    """Multiply-adds of one layer for one token; `positions` also counts q . p_x, which the paper leaves out."""
    products = 3 if positions else 2
    return (
        4 * config.hidden**2
        + 2 * config.hidden * config.inner
        + products * config.hidden * mean_span
    )


def cache_bytes(config: ModelConfig, span: float) -> float:
    """Bytes of keys and values that streaming keeps for one head."""
    return 2 * config.head_dim * span * BYTES_PER_NUMBER
