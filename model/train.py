"""The training loop, and `python -m model.train`."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer
from tqdm import tqdm

from model import checkpoint, corpora
from model.checkpoint import CheckpointError
from model.config import PRESETS, ConfigError
from model.corpora import Corpus, CorpusError, load
from model.evaluate import Evaluation, SpanSample, evaluate
from model.files import remove_leftovers, write_text
from model.optim import growth, load_state_tensors, make_optimizer, rate, set_rate, state_tensors
from model.runs import NAME, Run, RunError
from model.transformer import Memory, Transformer

DEFAULT_PRESET = "classics-adaptive"
GROUP_EVERY = 16
"""On a GPU heads are grouped every so many steps; between, no step waits for the host to look at z."""


class Lanes:
    """A split read as a batch of endless streams, evenly spread over it; the place is a function of the step."""

    def __init__(self, tokens: np.ndarray, batch: int, block: int) -> None:
        if len(tokens) <= block:
            raise RunError(
                f"the corpus has {len(tokens)} tokens to train on; a block needs {block + 1}"
            )
        self.tokens, self.block = tokens, block
        self.starts = np.arange(batch) * (len(tokens) // batch)

    def block_at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a step, int64 [batch, block] each."""
        index = self.starts[:, None] + step * self.block + np.arange(self.block + 1)
        text = torch.from_numpy(self.tokens[index % len(self.tokens)].astype(np.int64))
        return text[:, :-1], text[:, 1:]


@contextmanager
def _stop_requested() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM instead of dying of them."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Trainer:
    """A run in memory: everything that a checkpoint must hold to go on from it."""

    def __init__(self, run: Run, corpus: Corpus, device: str) -> None:
        self.run, self.spec, self.corpus, self.device = run, run.spec, corpus, device
        if corpus.alphabet != self.spec.model.alphabet:
            raise RunError(
                f"run {run.name}: corpus {corpus.name} is in {corpus.alphabet}, "
                f"the model reads {self.spec.model.alphabet}"
            )
        torch.manual_seed(self.spec.seed)
        self.net = Transformer(self.spec.model).to(device)
        self.net.allow_growth(growth(self.spec))
        self.optimizer: Optimizer = make_optimizer(self.net, self.spec)
        self.lanes = Lanes(corpus.train, self.spec.training.batch, self.spec.training.block)
        self.memory: Memory | None = None
        self.step = 0
        self.seconds = 0.0
        self.losses: list[Tensor] = []
        """Of the steps since the last evaluation."""
        self.spans: SpanSample | None = None
        """Of a dynamic span, at the last evaluation."""

    def resume(self) -> None:
        """Go on from the newest checkpoint, if there is one. Raises CheckpointError where it is damaged."""
        remove_leftovers(self.run.folder / "checkpoints")
        if steps := self.run.steps():
            folder = self.run.checkpoint(steps[-1])
            try:
                self._restore(folder)
            except (KeyError, RuntimeError) as error:
                advice = "remove it to go on from the one before"
                raise CheckpointError(f"{folder} cannot be resumed; {advice}: {error}") from error
            self.step = steps[-1]
        self.run.truncate_metrics(self.step)

    def _restore(self, folder: Path) -> None:
        tensors = checkpoint.read_tensors(folder / "training.safetensors")
        self.net.load_state_dict(checkpoint.read_tensors(folder / "model.safetensors"))
        load_state_tensors(self.optimizer, _part(tensors, "optimizer."))
        memory = _part(tensors, "memory.").values()
        self.memory = [layer.to(self.device) for layer in memory] or None
        self.losses = list(tensors.get("losses", torch.empty(0)).to(self.device))
        torch.set_rng_state(tensors["random"])
        if "random.cuda" in tensors and self.device == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self.seconds = checkpoint.read_summary(folder)["seconds"]

    def update(self) -> None:
        """One step. Raises RunError where the loss or the gradient is no number any more, before it does harm."""
        training = self.spec.training
        inputs, targets = (t.to(self.device) for t in self.lanes.block_at(self.step))
        set_rate(self.optimizer, rate(self.step, training))
        if self.device != "cpu" and self.step % GROUP_EVERY == 0:
            self.net.hold_groups(GROUP_EVERY * growth(self.spec))
        states, z, _, self.memory = self.net.read(inputs, self.memory)
        loss = F.cross_entropy(self.net.logits(states[-1]).flatten(0, 1), targets.flatten())
        self.optimizer.zero_grad(set_to_none=True)
        (loss + training.span_penalty * self.net.span_penalty(z)).backward()  # type: ignore[no-untyped-call]
        clip = training.gradient_clip if training.optimizer == "adamw" else math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), clip)
        if not torch.isfinite(loss + norm):
            raise RunError(
                f"run {self.run.name} diverged at step {self.step}: the loss is {loss.item():.3g}, the gradient's norm "
                f"{norm.item():.3g}; its checkpoints are whole; try a lower learning_rate than {training.learning_rate:g}"
            )
        self.optimizer.step()
        self.net.clamp_spans_()
        self.losses.append(loss.detach())
        self.step += 1

    @property
    def tokens(self) -> int:
        """Tokens read so far."""
        return self.step * self.spec.training.batch * self.spec.training.block

    def evaluate(self) -> dict[str, Any]:
        """A line of metrics.jsonl."""
        loss = torch.stack(self.losses).mean().item()
        self.losses.clear()
        found = self._read_valid()
        self.spans = found.spans
        z = found.spans.z if found.spans else self.net.z
        return {
            "step": self.step,
            "tokens": self.tokens,
            "loss": loss,
            "train_bpc": loss / math.log(2),
            "bpc": found.bpc,
            "z": [[round(length, 3) for length in layer] for layer in z.tolist()],
            "seconds": round(self.seconds, 1),
        }

    def _read_valid(self) -> Evaluation:
        """What the model makes of the part of valid that training evaluates on."""
        training = self.spec.training
        part = self.corpus.valid[: training.evaluate_tokens]
        return evaluate(self.net, part, min(training.batch, len(part) // 2))

    def save(self, bpc: float | None) -> None:
        """A checkpoint of this moment, with its bpc on part of valid, and no more than the newest few."""
        if self.spans is None and self.spec.model.variant == "dynamic":
            self.spans = self._read_valid().spans
        state = {f"optimizer.{k}": v for k, v in state_tensors(self.optimizer).items()}
        for number, layer in enumerate(self.memory or []):
            state[f"memory.{number:03d}"] = layer
        state["losses"] = torch.stack(self.losses) if self.losses else torch.empty(0)
        state["random"] = torch.get_rng_state()
        if self.device == "cuda":
            state["random.cuda"] = torch.cuda.get_rng_state()
        summary = {
            "bpc": {"part": bpc, "valid": None, "test": None},
            "tokens": self.tokens,
            "seconds": self.seconds,
            "corpus": self.corpus.digests,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "spans": self.spans.to_dict() if self.spans else None,
        }
        folder = self.run.checkpoint(self.step)
        checkpoint.save(folder, self.net, self.spec, self.step, summary, state)
        self.run.prune(self.spec.training.keep)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in sorted(tensors.items()) if k.startswith(prefix)}


def train(run: Run, device: str = "cpu", data: Path | None = None) -> bool:
    """Train a run to its end, or until SIGINT or SIGTERM, which save before leaving. Returns whether it ended.

    Raises RunError, CorpusError, CheckpointError.
    """
    with run.lock():
        trainer = Trainer(run, load(run.spec.corpus, data), device)
        trainer.resume()
        with _stop_requested() as stop:
            _loop(trainer, stop)
        ended = trainer.step >= trainer.spec.training.steps
        if ended:
            _measure(trainer)
    return ended


def _loop(trainer: Trainer, stop: list[int]) -> None:
    training = trainer.spec.training
    tokens_a_step = training.batch * training.block
    with tqdm(
        total=training.steps * tokens_a_step,
        initial=trainer.tokens,
        unit="tok",
        unit_scale=True,
        desc=trainer.run.name,
        dynamic_ncols=True,
    ) as bar:
        while trainer.step < training.steps and not stop:
            started = time.monotonic()
            trainer.update()
            trainer.seconds += time.monotonic() - started
            bar.update(tokens_a_step)
            if trainer.step % training.evaluate_every == 0 or trainer.step == training.steps:
                metrics = trainer.evaluate()
                z = " ".join(f"{sum(layer) / len(layer):.0f}" for layer in metrics["z"])
                bar.set_postfix_str(f"bpc {metrics['bpc']:.3f}, z {z}")
                trainer.run.append_metrics(metrics)
                trainer.save(metrics["bpc"])
        if stop and trainer.step not in trainer.run.steps():
            trainer.save(None)
            bar.write(f"stopped at step {trainer.step}, saved; the same command resumes it")


def _measure(trainer: Trainer) -> None:
    """Add the bpc of all of valid and test to the last checkpoint, unless it is there."""
    folder = trainer.run.checkpoint(trainer.step)
    summary = checkpoint.read_summary(folder)
    if summary["bpc"]["test"] is None:
        for split in ("valid", "test"):
            tokens = getattr(trainer.corpus, split)
            found = evaluate(trainer.net, tokens)
            summary["bpc"][split] = found.bpc
            if split == "valid" and found.spans:
                summary["spans"] = found.spans.to_dict()
        write_text(folder / "summary.json", json.dumps(summary, indent=1) + "\n")


def open_run(runs: Path, name: str, preset: str | None, settings: Mapping[str, Any]) -> Run:
    """The run of that name, made of a preset and settings if there is none.

    Raises RunError and ConfigError, also where a run that exists was asked for with others.
    """
    run = Run(runs / name)
    if NAME.fullmatch(name) and run.folder.exists() and not (preset or settings):
        return run
    if (preset or DEFAULT_PRESET) not in PRESETS:
        raise ConfigError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    spec = PRESETS[preset or DEFAULT_PRESET].replace(**settings)
    if spec.corpus not in corpora.NAMES:
        raise ConfigError(
            f"there is no corpus {spec.corpus!r}; there are {', '.join(corpora.NAMES)}"
        )
    if not NAME.fullmatch(name) or not run.folder.exists():
        return Run.create(runs, name, spec)
    if run.spec != spec:
        raise RunError(
            f"run {name} exists with other settings; give none to resume it, or choose another name"
        )
    return run


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train a transformer with learned attention spans, or go on with a run.",
        epilog="Settings are those of a preset with --set NAME=VALUE for what differs, for instance "
        "--set span_limit=1024 --set span_penalty=1e-6.",
    )
    parser.add_argument("name", help="the run's name: a folder in --runs")
    parser.add_argument("--preset", choices=PRESETS, help=f"default: {DEFAULT_PRESET}")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="default: runs/")
    parser.add_argument("--data", type=Path, help="where corpora are kept; default: data/")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args(arguments)
    try:
        settings = dict(map(parse_setting, given.settings))
        train(open_run(given.runs, given.name, given.preset, settings), given.device, given.data)
    except (ConfigError, RunError, CorpusError, CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def parse_setting(text: str) -> tuple[str, str | int | float]:
    """`name=value` as a name and a number or a text. Raises ConfigError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{text!r} is no setting; write NAME=VALUE")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, value


if __name__ == "__main__":
    sys.exit(main())
