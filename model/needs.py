"""What each head needs: the bits that held-out text loses where its span is cut, measured and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model.config import ModelConfig
from model.evaluate import EVALUATION_BLOCK, bits_of
from model.files import append_line, digest, read_lines, write_text
from model.span import spans_of
from model.transformer import Cut, Transformer

Told = Callable[[str, float], None]
"""Is told what is being done, and how much of it was: in readings of the whole sample. It may raise to leave."""

LANES, LANES_TOGETHER = 8, 16
"""Pieces of valid on which heads are cut alone, and others on which they are cut together: what chose the cuts would
make too little of what they lose."""
LANE_TOKENS, LANE_LIMITS = 4096, 4
"""A piece has at least so many tokens, and so many times S. The first of S only fill the memory."""
PIECE = 512
"""Tokens in a row whose bits are one observation, where the error of a mean is told."""
FINE, SHORTEST = 64, 4
"""Tokens: above the one spans are tried in steps half as wide, and none below the other."""


def sample_of(split: np.ndarray, span_limit: int, *, together: bool = False) -> np.ndarray:
    """Pieces of a split (uint8 [time]), evenly spread over it: [lanes, time].

    Those for heads together begin in the middle of their share, so that of a long split no token is in both samples.
    """
    lanes = LANES_TOGETHER if together else LANES
    share = len(split) // lanes
    first = share // 2 if together else 0
    length = min(share - first, max(LANE_TOKENS, LANE_LIMITS * span_limit))
    return np.stack([split[first + lane * share :][:length] for lane in range(lanes)])


def standard_error(change: Tensor) -> float | None:
    """Of the mean of changes in bits [N], from how it differs between pieces; None where there is one piece."""
    means = [part.mean().item() for part in torch.split(change, PIECE)]
    return float(np.std(means, ddof=1) / len(means) ** 0.5) if len(means) > 1 else None


def ladder(span: int) -> list[int]:
    """The spans that a head is tried with, tokens: half of the one that it has, a quarter, and so on; above FINE tokens,
    where a step saves much, also those between.
    """
    rungs = [int(span / 2 ** (half / 2)) for half in range(1, 2 * span.bit_length())]
    whole = set(rungs[1::2])
    return [rung for rung in rungs if rung >= SHORTEST and (rung in whole or rung > FINE)]


@dataclass(frozen=True)
class Loss:
    """What cuts change on the sample, set against the reading without them.

    `bits` a token that are lost, with their standard error; `mean_span` (tokens), over heads and tokens, that is left.
    """

    cuts: tuple[Cut, ...]
    bits: float
    error: float | None
    mean_span: float

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Loss:
        """Raises KeyError, TypeError and ValueError."""
        cuts = tuple((int(layer), int(head), int(span)) for layer, head, span in values["cuts"])
        error = None if values["error"] is None else float(values["error"])
        return cls(cuts, float(values["bits"]), error, float(values["mean_span"]))


class Sample:
    """Held-out text (uint8 [lanes, time]), read over and over with other heads cut.

    Each lane begins with a memory of zeros, which long spans see and short ones do not: bits are told from the token on
    that has S others before it, or from a quarter of a shorter lane.

    A cut leaves the layers below it as they are: those are not read again, so cuts are best tried layer by layer.
    Raises ValueError where there are fewer than two tokens a lane.
    """

    def __init__(self, net: Transformer, tokens: np.ndarray) -> None:
        if tokens.shape[1] < 2:
            raise ValueError(f"{tokens.size} tokens are too few: {2 * len(tokens)} are needed")
        self.net = net
        self.text = torch.from_numpy(tokens.astype(np.int64)).to(net.position.device)
        self.told_from = min(net.config.span_limit, (tokens.shape[1] - 1) // LANE_LIMITS)
        self._layer, self._inputs = 0, self._embedded()

    @property
    def tokens(self) -> int:
        """How many tokens' bits are told."""
        return self.text[:, 1 + self.told_from :].numel()

    @cached_property
    def uncut(self) -> tuple[Tensor, Tensor]:
        """`read` with no head cut."""
        return self.read(())

    def loss(self, cuts: Iterable[Cut]) -> Loss:
        """What these cuts change."""
        cuts = tuple(sorted(cuts))
        bits, spans = self.read(cuts)
        change = bits - self.uncut[0]
        return Loss(cuts, change.mean().item(), standard_error(change), spans.mean().item())

    @torch.no_grad()
    def read(self, cuts: Sequence[Cut]) -> tuple[Tensor, Tensor]:
        """The bits of every token that is told, float64 [N], and the mean span of every head, float64 [layers, heads].

        Raises ValueError as `Transformer.cut` does.
        """
        net, config = self.net, self.net.config
        first = min((layer for layer, _, _ in cuts), default=0)
        inputs = torch.split(self._inputs_of(first), EVALUATION_BLOCK, 1)
        targets = torch.split(self.text[:, 1:], EVALUATION_BLOCK, 1)
        total = torch.zeros(config.layers, config.heads, dtype=torch.float64)
        bits, memory = list[Tensor](), list[Tensor]()
        with net.cut(cuts):
            for block, after in zip(inputs, targets, strict=True):
                states, lengths, _, memory = net.read_on(block, memory, first)
                bits.append(bits_of(net, states[-1], after).cpu())
                for layer, z in enumerate(lengths, first):
                    spans = spans_of(z, config.ramp, config.span_limit).double()
                    mean = spans if z.dim() == 1 else spans.mean((0, 2))
                    total[layer] += block.shape[1] * mean.cpu()
        spans = total / (self.text.shape[1] - 1)
        if first:
            spans[:first] = self.uncut[1][:first]
        return torch.cat(bits, 1)[:, self.told_from :].flatten(), spans

    @torch.no_grad()
    def _inputs_of(self, layer: int) -> Tensor:
        """What a layer reads of the sample where nothing is cut: [lanes, time, D]. Those of one layer are kept."""
        if layer < self._layer:
            self._layer, self._inputs = 0, self._embedded()
        for below in range(self._layer, layer):
            outputs, memory = list[Tensor](), None
            for block in torch.split(self._inputs, EVALUATION_BLOCK, 1):
                h, _, memory = self.net.layers[below](block, memory, self.net.position)
                outputs.append(h)
            self._layer, self._inputs = below + 1, torch.cat(outputs, 1)
        return self._inputs

    def _embedded(self) -> Tensor:
        embedded: Tensor = self.net.embedding(self.text[:, :-1])
        return embedded.detach()


class Needs:
    """What was measured of a checkpoint's heads on a sample, each loss kept in a file as soon as it is known.

    A file of other weights or of another sample is begun anew; `others` may know more, and are only read.
    """

    def __init__(
        self, sample: Sample, header: dict[str, Any], file: Path, others: Sequence[Path] = ()
    ) -> None:
        self.sample, self.file = sample, file
        self._known = {
            loss.cuts: loss for path in (*others, file) for loss in read_needs(path, header)
        }
        if not _begins_with(file, header):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(header) + "\n")

    def loss(self, cuts: Iterable[Cut]) -> Loss:
        """What cuts lose: what is known, or what is now measured and kept. Raises OSError."""
        cuts = tuple(sorted(cuts))
        if cuts not in self._known:
            found = self.sample.loss(cuts)
            append_line(self.file, asdict(found))
            self._known[cuts] = found
        return self._known[cuts]

    def of_heads(self, told: Told) -> dict[tuple[int, int], list[Loss]]:
        """By head, from the bottom: what each of its `tries` loses. Raises OSError."""
        config, found = self.sample.net.config, dict[tuple[int, int], list[Loss]]()
        for (layer, head), spans in tries(config, self.sample.uncut[1]).items():
            found[layer, head] = []
            for span in spans:
                found[layer, head].append(self.loss([(layer, head, span)]))
                told("measuring what each head needs", 1 - layer / config.layers)
        return found


def tries(config: ModelConfig, spans: Tensor) -> dict[tuple[int, int], list[int]]:
    """By head, from the bottom: the spans to try, tokens, given the spans that the heads have [layers, heads].

    A `dynamic` head is tried from the most that its span may be: its mean tells little of that.
    """
    heads = [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    dynamic = config.variant == "dynamic"
    return {
        place: ladder(config.most_span(*place) if dynamic else int(spans[place].item()))
        for place in heads
    }


def header_of(folder: Path, sample: Sample) -> dict[str, Any]:
    """What the needs of a checkpoint were measured on: the first line of their file. Raises OSError."""
    weights = digest(folder / "model.safetensors")
    text = sample.text.cpu().numpy().astype(np.uint8)
    read = hashlib.sha256(text.tobytes()).hexdigest()
    return {"weights": weights, "sample": read, "tokens": sample.tokens}


def files_of(folder: Path, runs: Path, *, together: bool = False) -> list[Path]:
    """Where the needs of a checkpoint, or what its heads lose together, may be, and, last, where that is kept: in its
    run, or, if that is only read, by the runs.
    """
    run, name = folder.parent.parent, f"{folder.name}{'-together' if together else ''}.jsonl"
    if run.parent.resolve() == runs.resolve():
        return [run / "needs" / name]
    return [run / "needs" / name, runs / ".needs" / run.name / name]


def read_needs(file: Path, header: dict[str, Any]) -> list[Loss]:
    """The losses in a file; none where there is none, where it is damaged, or where it is of something else.

    Of the header only what is given must agree.
    """
    if not _begins_with(file, header):
        return []
    try:
        return [Loss.from_dict(line) for line in read_lines(file)[1:]]
    except (OSError, KeyError, TypeError, ValueError):
        return []


def read_header(file: Path) -> dict[str, Any]:
    """The first line of a file of needs; empty where there is none."""
    try:
        return next(iter(read_lines(file)), {})
    except (OSError, ValueError):
        return {}


def _begins_with(file: Path, header: dict[str, Any]) -> bool:
    first = read_header(file)
    return bool(first) and all(first.get(name) == value for name, value in header.items())
