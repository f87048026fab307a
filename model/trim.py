"""Trimming: a checkpoint with spans as short as a budget allows (docs/trim.md).

What each head needs is measured, cuts are put in order, and the whole is checked on all of valid. The weights stay.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from model import checkpoint, corpora
from model.config import Budget, ModelConfig, RunSpec
from model.corpora import Corpus, CorpusError
from model.evaluate import Evaluation, evaluate
from model.files import append_line, whole_folder, write_text
from model.needs import Needs, Sample, files_of, header_of, sample_of, tries
from model.runs import NAME, Run, RunError
from model.transformer import Cut, Transformer
from model.trim_path import TrimPath
from model.use import held_out_sample, measure_use, split_of

CURVE = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3)
"""Times the steps that are taken: where the path is measured to be drawn."""
JOINT = 16
"""About how many readings of heads cut together a trim takes."""
Told = Callable[[str, float, float], None]
"""Is told what is being done, how much is done and how much there is, in readings of the sample. It may raise to leave."""


def trimmed_spec(parent: Path, budget: Budget) -> RunSpec:
    """What a trimmed run is asked for: a checkpoint, and a budget. Raises CheckpointError, UnknownAlphabet.

    A fixed model gets spans of its own, all S long, to be cut.
    """
    spec, _ = checkpoint.read_config(parent)
    variant = "adaptive" if spec.model.variant == "fixed" else spec.model.variant
    return dataclasses.replace(
        spec,
        model=dataclasses.replace(spec.model, variant=variant),
        title=f"{spec.title or checkpoint.name_of(parent).split('@')[0]} · trimmed",
        parent=checkpoint.name_of(parent),
        budget=budget,
    )


def parent_of(spec: RunSpec, folders: list[Path]) -> Path:
    """The checkpoint that a run is trimmed from, in the first folder of runs that has it. Raises RunError."""
    name, _, step = spec.parent.partition("@")
    if NAME.fullmatch(name) and step.isdecimal():
        for folder in folders:
            if (found := Run(folder / name).checkpoint(int(step))).is_dir():
                return found
    raise RunError(f"there is no checkpoint {spec.parent} any more")


@dataclass(frozen=True)
class Trimmed:
    """A trimmed model, and how it came to be: `path` is trim.json."""

    net: Transformer
    spec: RunSpec
    step: int
    summary: dict[str, Any]
    path: dict[str, Any]

    def write(self, run: Path) -> None:
        """Into the run's folder: the path, its one evaluation, its one checkpoint. Raises OSError."""
        write_text(run / "trim.json", json.dumps(self.path) + "\n")
        (run / "metrics.jsonl").unlink(missing_ok=True)
        append_line(run / "metrics.jsonl", self._evaluation())
        folder = Run(run).checkpoint(self.step)
        checkpoint.save(folder, self.net, self.spec, self.step, self.summary)

    def _evaluation(self) -> dict[str, Any]:
        bpc = {"step": self.step, "bpc": self.summary["bpc"]["part"]}
        if self.spec.imported:
            return bpc
        spans = self.summary["spans"]
        z = spans["z"] if spans else self.net.z.tolist()
        known = {name: self.summary[name] for name in ("tokens", "seconds")}
        return {**bpc, **known, "z": [[round(one, 3) for one in layer] for layer in z]}


def trim(
    parent: Path,
    budget: Budget,
    runs: Path,
    told: Told,
    data: Path | None = None,
    device: str = "cpu",
) -> Trimmed:
    """Trim a checkpoint. What is measured of it is kept as `model.needs` says, so that nothing is measured twice.

    Raises RunError where the budget leaves nothing to cut, or cannot be met; CheckpointError, CorpusError,
    UnknownAlphabet, OSError.
    """
    spec = trimmed_spec(parent, budget)
    corpus = corpora.load(spec.corpus, data)
    return _Trimming(parent, spec, budget, runs, corpus, device, told).trimmed()


class _Trimming:
    """The work on one checkpoint."""

    def __init__(
        self,
        parent: Path,
        spec: RunSpec,
        budget: Budget,
        runs: Path,
        corpus: Corpus,
        device: str,
        told: Told,
    ) -> None:
        self.parent, self.spec, self.budget, self.corpus = parent, spec, budget, corpus
        self.told, self.done = told, 0.0
        self.before = checkpoint.read_summary(parent)
        self.valid, self.test = (split_of(corpus, spec.model, name) for name in ("valid", "test"))
        self.net = learning(checkpoint.load(parent, device))
        self.alone, self.together = (self._needs(runs, together) for together in (False, True))
        layers, heads = spec.model.layers, tries(self.net.config, self.alone.sample.uncut[1])
        of_heads = sum((1 - layer / layers) * len(spans) for (layer, _), spans in heads.items())
        known = self.before["bpc"]["valid"] is not None
        read = (1 if known else 2) * len(self.valid) + len(self.test)
        read += JOINT * self.together.sample.tokens
        self.total = of_heads + read / self.alone.sample.tokens

    def _needs(self, runs: Path, together: bool) -> Needs:
        pieces = sample_of(self.valid, self.net.config.span_limit, together=together)
        *others, own = files_of(self.parent, runs, together=together)
        try:
            sample = Sample(self.net, pieces)
        except ValueError as error:
            raise CorpusError(f"{self.corpus.name}: {error}") from error
        return Needs(sample, header_of(self.parent, sample), own, others)

    def did(self, what: str, amount: float) -> None:
        """`amount` in readings of the sample on which heads are cut alone."""
        self.done += amount
        self.told(what, min(self.done, self.total), self.total)

    def trimmed(self) -> Trimmed:
        self.did("reading the sample", 0)
        of_heads = self.alone.of_heads(self.did)
        path = TrimPath(of_heads, self.alone.sample.uncut[1], self.together, self.budget)
        before = self.before["bpc"]["valid"]
        if before is None:
            before = self._read([]).bpc
        length, found = self._chosen(path, before)
        if not length:
            raise RunError(
                f"{self.spec.parent}: no span that was tried is shorter for {self.budget.most:g} bits per character"
            )
        points, chosen = self._curve(path, length)
        net = with_spans(self.net, path.spans(length))
        after = {"valid": found.bpc, "test": self._read(path.cuts(length), "test").bpc}
        spec, sample = dataclasses.replace(self.spec, model=net.config), self.together.sample
        return Trimmed(
            net,
            spec,
            checkpoint.read_config(self.parent)[1],
            self._summary(net, after, found),
            {
                "parent": self.spec.parent,
                "sample": {"tokens": sample.tokens, "bpc": sample.uncut[0].mean().item()},
                "valid": {"before": before, "after": found.bpc},
                "points": points,
                "chosen": chosen,
            },
        )

    def _chosen(self, path: TrimPath, before: float) -> tuple[int, Evaluation]:
        """How many steps to take, and what all of valid says of them."""
        most = self.budget.most
        self.did("reading with many heads cut", 0)
        if self.budget.kind != "bpc":
            length = path.within_share(most)
            if length is None:
                raise RunError(
                    f"{self.spec.parent}: even the shortest spans that are tried leave more than {most:.0%}"
                )
            return length, self._read(path.cuts(length))
        length = path.within_bits(most)
        while length:
            found = self._read(path.cuts(length))
            lost = found.bpc - before
            if lost <= most:
                break
            more = (lost - path.loss(length).bits) / length
            length = min(length - 1, path.within_bits(most, more))
        return length, found if length else Evaluation(before, None)

    def _curve(self, path: TrimPath, chosen: int) -> tuple[list[dict[str, Any]], int]:
        """The path as it is drawn, and which of its points was chosen."""
        most = len(path.steps)
        lengths = sorted({min(most, round(times * chosen)) for times in CURVE})
        points = []
        for length in lengths:
            points.append(path.point(length).to_dict())
            self.did("measuring the path", self.together.sample.tokens / self.alone.sample.tokens)
        return points, lengths.index(chosen)

    def _read(self, cuts: list[Cut], split: str = "valid") -> Evaluation:
        """All of a split, as one stream."""

        def told(tokens: int) -> None:
            self.did(f"reading all of {split}", tokens / self.alone.sample.tokens)

        with self.net.cut(cuts):
            return evaluate(self.net, getattr(self, split), told=told)

    def _summary(
        self, net: Transformer, bpc: dict[str, float], found: Evaluation
    ) -> dict[str, Any]:
        part, training = None, self.spec.training
        if not self.spec.imported:
            tokens = self.valid[: training.evaluate_tokens]
            part = evaluate(net, tokens, min(training.batch, len(tokens) // 2)).bpc
        # nothing trains the spans any more, so no penalty stands against what the text asks for
        use = measure_use(
            net, held_out_sample(self.valid, net.config.span_limit), None, training.block
        )
        return {
            "bpc": {"part": part, **bpc},
            "tokens": self.before["tokens"],
            "seconds": self.before["seconds"],
            "corpus": self.corpus.digests,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "spans": found.spans.to_dict() if found.spans else None,
            "use": use.to_dict(),
        }


def learning(net: Transformer) -> Transformer:
    """The same model; one of fixed spans has an adaptive one a head, all of S, that can be shorter."""
    if net.config.variant != "fixed":
        return net
    return _rebuilt(net, dataclasses.replace(net.config, variant="adaptive"))


def with_spans(net: Transformer, spans: list[list[int]]) -> Transformer:
    """The same weights, with the most that the span of each head may be: [layers, heads], tokens."""
    most = tuple(map(tuple, spans))
    return _rebuilt(net, dataclasses.replace(net.config, most_spans=most))


def _rebuilt(net: Transformer, config: ModelConfig) -> Transformer:
    """Of a config that computes with the same weights; a span that has none yet is S."""
    with torch.device("meta"):
        new = Transformer(config)
    longest = torch.ones(config.heads, device=net.position.device, dtype=torch.float32)
    own = {name: longest.clone() for name in new.state_dict() if name.endswith(".theta")}
    new.load_state_dict({**own, **net.state_dict()}, assign=True)
    return new.eval()


def trim_to(
    parent: Path,
    budget: Budget,
    output: Path,
    told: Told,
    data: Path | None = None,
    device: str = "cpu",
) -> Run:
    """Trim a checkpoint into a run of its own, beside which what its heads need is kept; whole or absent.

    Raises RunError for the output, and what `trim` raises.
    """
    if not NAME.fullmatch(output.name):
        raise RunError(
            f"{output.name!r} is no name of a run: up to 63 of a-z, 0-9 and -, not starting with -"
        )
    if output.exists():
        raise RunError(f"{output} exists: choose another folder")
    spec = trimmed_spec(parent, budget)
    try:
        found = trim(parent, budget, output.parent, told, data, device)
        with whole_folder(output) as new:
            (new / "run.json").write_text(json.dumps(spec.to_dict(), indent=1) + "\n", "utf-8")
            found.write(new)
            Run(new).tell("ended", found.step)
    except OSError as error:
        raise RunError(f"{output} cannot be written: {error}") from error
    return Run(output)
