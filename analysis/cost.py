"""What a model costs: multiply-adds a token as the paper counts them, and bytes (DESIGN section 2)."""

from __future__ import annotations

from model.config import ModelConfig, RunSpec

BYTES_PER_NUMBER = 4
SUMS = {"adamw": 2, "adagrad": 1}
"""Numbers that an optimizer keeps a parameter."""


def parameters(config: ModelConfig) -> int:
    """How many numbers training learns, as `Transformer` has them, however large the sizes."""
    hidden, inner = config.hidden, config.inner
    spans = {"fixed": 0, "adaptive": config.heads, "dynamic": config.heads * (hidden + 1)}
    norms_and_biases = 2 * 2 * hidden + inner + hidden
    layer = 4 * hidden**2 + 2 * hidden * inner + norms_and_biases + spans[config.variant]
    ends = 2 * config.symbols * hidden + config.symbols
    return ends + config.head_dim * config.span_limit + config.layers * layer


def layer_flops(config: ModelConfig, mean_span: float, *, positions: bool = False) -> float:
    """Multiply-adds of one layer for one token; `positions` also counts q . p_x, which the paper leaves out."""
    products = 3 if positions else 2
    return (
        4 * config.hidden**2
        + 2 * config.hidden * config.inner
        + products * config.hidden * mean_span
    )


def flops(config: ModelConfig, mean_span: float, *, positions: bool = False) -> float:
    """`layer_flops` of all layers, given the mean span of all heads (tokens)."""
    return config.layers * layer_flops(config, mean_span, positions=positions)


def head_flops(config: ModelConfig, span: float) -> float:
    """Multiply-adds of one head for one token, its scores and its mixing of values, as the paper counts them."""
    return 2 * config.head_dim * span


def cache_bytes(config: ModelConfig, kept: float) -> float:
    """Bytes of keys and values that streaming keeps for a head, or for heads, of so many tokens in all.

    Of a head `dynamic` keeps the most that its span may be, since the next token's z is unknown: S, or what it is
    trimmed to. The other variants keep its span.
    """
    return 2 * config.head_dim * kept * BYTES_PER_NUMBER


def kept_of_head(config: ModelConfig, layer: int, head: int, span: float) -> float:
    """How many tokens the cache of a head of that (mean) span holds."""
    return config.most_span(layer, head) if config.variant == "dynamic" else span


def training_bytes(spec: RunSpec) -> int:
    """Bytes of the weights, their gradients and what the optimizer keeps of them."""
    return (2 + SUMS[spec.training.optimizer]) * parameters(spec.model) * BYTES_PER_NUMBER


def memory_bytes(spec: RunSpec) -> int:
    """Bytes of the inputs that all layers remember of a batch in training, where the spans reach S."""
    model, batch = spec.model, spec.training.batch
    return model.layers * batch * model.span_limit * model.hidden * BYTES_PER_NUMBER
