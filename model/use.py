"""What each head uses on held-out text, and what moves its z.

`python -m model.use FOLDER` adds it to the summary of a checkpoint.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model import checkpoint, corpora
from model.alphabets import Table, UnknownAlphabet
from model.checkpoint import CheckpointError
from model.config import ModelConfig, alphabet_of
from model.corpora import Corpus, CorpusError
from model.evaluate import EVALUATION_BLOCK, blocks
from model.files import write_text
from model.head_use import HeadUse, log_edges
from model.probe import at_least_float32, inside_weights
from model.transformer import Memory, Operands, Transformer

LANES, LANE_TOKENS, LANE_LIMITS = 2, 4096, 4
"""A sample has so many pieces, each of at least so many tokens, and so many times S."""


def held_out_sample(split: np.ndarray, span_limit: int) -> np.ndarray:
    """Pieces of a split (uint8 [time]), evenly spread over it and joined: the lanes that `measure_use` reads."""
    share = len(split) // LANES
    length = min(share, max(LANE_TOKENS, LANE_LIMITS * span_limit))
    return np.concatenate([split[lane * share :][:length] for lane in range(LANES)])


def measure_use(
    net: Transformer,
    tokens: np.ndarray,
    penalty: float | None,
    block: int = EVALUATION_BLOCK,
    lanes: int = LANES,
) -> HeadUse:
    """Read held-out text (uint8 [time]) as so many texts, each from zeros; the net is left as it was.

    `penalty` is the lambda of training, None where it is not known. On the block (tokens) only the pull depends: its
    gradient ends where a block begins, as in training. Raises ValueError where there are fewer than three tokens a lane.
    """
    length = len(tokens) // lanes
    if length < 3:
        raise ValueError(f"{len(tokens)} tokens are too few: at least {3 * lanes} are needed")
    text = torch.from_numpy(tokens[: lanes * length].astype(np.int64)).view(lanes, length)
    sums, learns = _Sums(net.config), net.config.variant != "fixed"
    slopes = list[Tensor]()
    was_training = net.training
    memory: Memory | None = None
    net.eval()
    try:
        with torch.set_grad_enabled(learns), _shifts(net) as shifts:
            for start, inputs, targets in blocks(text.to(net.position.device), block):
                states, _, before, memory = net.read(inputs, memory)
                if learns:
                    logits = at_least_float32(net.logits(states[-1]))
                    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
                    slope = torch.stack(torch.autograd.grad(loss, shifts))
                    slopes.append(slope.double().cpu())
                with torch.no_grad():
                    for number, attention in enumerate(net.attentions):
                        remembered = before[number] if before else None
                        operands = attention.operands(states[number], remembered, net.position)
                        sums.add(number, operands, start)
    finally:
        net.train(was_training)
    count = lanes * (length - 1)
    pull, pull_error = _pull(slopes, count, lanes * block)
    force = -penalty / net.config.heads if learns and penalty is not None else None
    return HeadUse(**sums.use(count), pull=pull, pull_error=pull_error, penalty=force)


def _pull(slopes: list[Tensor], count: int, block: int) -> tuple[Tensor | None, Tensor | None]:
    """The pull and its standard error, from the slopes of the summed loss of blocks of `count` tokens in all."""
    if not slopes:
        return None, None
    pull = -sum(slopes, torch.zeros_like(slopes[0])) / count
    if len(slopes) == 1:
        return pull, None
    sizes = [block] * (len(slopes) - 1) + [count - block * (len(slopes) - 1)]
    squares = [(slope + size * pull) ** 2 for slope, size in zip(slopes, sizes, strict=True)]
    variance = torch.stack(squares).sum(0) * len(slopes) / (len(slopes) - 1)
    return pull, variance.sqrt() / count


@contextmanager
def _shifts(net: Transformer) -> Iterator[list[Tensor]]:
    """Zeros [heads] a layer that are added to z, for the loss to be differentiated by."""

    def shifted(zero: Tensor) -> Callable[[object, object, Tensor], Tensor]:
        return lambda module, inputs, z: z + (zero if z.dim() == 1 else zero[:, None])

    shifts, hooks = [], []
    for attention in net.attentions:
        like = next(chain(attention.span.parameters(), attention.span.buffers()))
        shifts.append(like.new_zeros(net.config.heads, requires_grad=True))
        hooks.append(attention.span.register_forward_hook(shifted(shifts[-1])))
    try:
        yield shifts
    finally:
        for hook in hooks:
            hook.remove()


class _Sums:
    """Sums over tokens, block by block."""

    def __init__(self, config: ModelConfig) -> None:
        self.limit = config.span_limit
        shape = (config.layers, config.heads)
        self.by_distance = torch.zeros(*shape, config.span_limit, dtype=torch.float64)
        self.entropy = torch.zeros(*shape, dtype=torch.float64)

    def add(self, layer: int, operands: Operands, start: int) -> None:
        """The weights of one layer for a block that starts with token `start` of each text."""
        heads = operands.query.shape[1]
        for sequence, _, weights in inside_weights(operands, start):
            head = (sequence % heads).cpu()
            of_distance = weights.sum(1).double().cpu()
            self.by_distance[layer, :, : weights.shape[2]].index_add_(0, head, of_distance)
            mass = weights.sum(-1)
            nats = torch.special.entr(weights).sum(-1) + torch.special.xlogy(mass, mass)
            self.entropy[layer].index_add_(0, head, nats.sum(1).double().cpu())

    def use(self, tokens: int) -> dict[str, Any]:
        """What HeadUse says of the attention of so many tokens."""
        inside = self.by_distance.sum(-1)
        some = inside.clamp(min=torch.finfo(inside.dtype).tiny)
        distance = torch.arange(1, self.limit + 1, dtype=torch.float64)
        within = self.by_distance.cumsum(-1)
        edges = log_edges(self.limit)
        below = F.pad(within, (1, 0))[..., torch.tensor(edges) - 1]
        # the total is taken of the same sum: of another order it could fall short by a rounding
        far = within < 0.9 * within[..., -1:]
        return {
            "tokens": tokens,
            "edges": edges,
            "mass": below.diff() / tokens,
            "mean_distance": (self.by_distance * distance).sum(-1) / some,
            "entropy": (self.entropy / some / math.log(2)).clamp(min=0),
            "distance_90": ((far.sum(-1) + 1) * (inside > 0)).double(),
            "outside": (1 - inside / tokens).clamp(min=0),
        }


def add_use(folder: Path, data: Path | None = None) -> HeadUse:
    """Measure a checkpoint on the valid split of its corpus and add that to its summary, whole or not at all.

    Raises CheckpointError, CorpusError, UnknownAlphabet.
    """
    spec, _ = checkpoint.read_config(folder)
    checkpoint.read_summary(folder)
    valid = valid_split(corpora.load(spec.corpus, data), spec.model)
    tokens = held_out_sample(valid, spec.model.span_limit)
    # of an imported run the penalty is not known
    penalty = None if spec.imported else spec.training.span_penalty
    try:
        use = measure_use(checkpoint.load(folder), tokens, penalty, spec.training.block)
    except ValueError as error:
        raise CorpusError(f"{spec.corpus}: {error}") from error
    # read again: the run may have written to it meanwhile
    summary = {**checkpoint.read_summary(folder), "use": use.to_dict()}
    write_text(folder / "summary.json", json.dumps(summary, indent=1) + "\n")
    return use


def valid_split(corpus: Corpus, model: ModelConfig) -> np.ndarray:
    """`split_of` valid."""
    return split_of(corpus, model, "valid")


def split_of(corpus: Corpus, model: ModelConfig, split: str) -> np.ndarray:
    """A split (valid, test) in the symbols that a model reads. Raises CorpusError, UnknownAlphabet."""
    reads, tokens = alphabet_of(model), getattr(corpus, split)
    if isinstance(reads, Table):
        try:
            return reads.renumbered(tokens, corpus.alphabet)
        except ValueError as error:
            raise CorpusError(f"{corpus.name} cannot be read by this model: {error}") from error
    if corpus.alphabet != reads.name:
        raise CorpusError(f"{corpus.name} is in {corpus.alphabet}, this model reads {reads.name}")
    return np.asarray(tokens)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.use",
        description="Measure what each head of a checkpoint uses on held-out text, the valid split of its corpus, and "
        "add it to the checkpoint's summary.json.",
    )
    parser.add_argument("folder", type=Path, help="the checkpoint: RUN/checkpoints/step-NUMBER")
    parser.add_argument("--data", type=Path, help="where corpora are kept; default: data/")
    given = parser.parse_args(arguments)
    try:
        use = add_use(given.folder, given.data)
    except (CheckpointError, CorpusError, UnknownAlphabet) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{given.folder.name}: {use.mass.shape[0]} layers of {use.mass.shape[1]} heads, {use.tokens:,} tokens read"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
