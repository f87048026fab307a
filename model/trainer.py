"""A run in memory: its steps, and everything that a checkpoint must hold to go on from one, bit for bit."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer

from model import checkpoint
from model.checkpoint import CheckpointError
from model.corpora import Corpus
from model.evaluate import Evaluation, SpanSample, evaluate
from model.files import remove_leftovers, write_text
from model.head_use import HeadUse
from model.optim import growth, load_state_tensors, make_optimizer, rate, set_rate, state_tensors
from model.ranks import Ranks
from model.runs import Run, RunError
from model.transformer import Memory, Transformer
from model.use import held_out_sample, measure_use

GROUP_EVERY = 16
"""On a GPU heads are grouped every so many steps; between, no step waits for the host to look at z."""
EXPLODED = 2.0
"""Times the loss of a model that knows nothing: no run comes back from there."""


class Lanes:
    """A split read as a batch of endless streams, evenly spread over it; the place is a function of the step."""

    def __init__(self, tokens: np.ndarray, batch: int, block: int) -> None:
        if len(tokens) <= block:
            raise RunError(
                f"the corpus has {len(tokens)} tokens to train on; a block needs {block + 1}"
            )
        self.tokens, self.block = tokens, block
        self.starts = np.arange(batch) * (len(tokens) // batch)

    def block_at(self, step: int, lanes: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a step, int64 [lanes, block] each."""
        index = self.starts[lanes, None] + step * self.block + np.arange(self.block + 1)
        text = torch.from_numpy(self.tokens[index % len(self.tokens)].astype(np.int64))
        return text[:, :-1], text[:, 1:]


class Trainer:
    """A model, its optimizer, its place in the corpus and what it remembers of it.

    The batch is cut into parts: a rank reads `accumulate` of them, one after another, and gradients are summed over all.
    """

    def __init__(self, run: Run, corpus: Corpus, device: str, ranks: Ranks | None = None) -> None:
        self.run, self.spec, self.corpus, self.device = run, run.spec, corpus, device
        self.ranks = ranks or Ranks()
        training, model = self.spec.training, self.spec.model
        if corpus.alphabet != model.alphabet:
            raise RunError(
                f"run {run.name}: corpus {corpus.name} is in {corpus.alphabet}, the model reads {model.alphabet}"
            )
        parts = training.accumulate * self.ranks.size
        if training.batch % parts:
            raise RunError(
                f"run {run.name}: batch={training.batch} cannot be split into accumulate={training.accumulate} parts "
                f"on each of {self.ranks.size} processes; it must be a multiple of {parts}"
            )
        self.lanes = Lanes(corpus.train, training.batch, training.block)
        self.part = training.batch // parts
        self.group_every = GROUP_EVERY if device != "cpu" else 0
        self.begin()

    def begin(self) -> None:
        """Be at step 0."""
        torch.manual_seed(self.spec.seed)
        wide = torch.float64 if self.spec.training.precision == "float64" else torch.float32
        self.net = Transformer(self.spec.model).to(self.device, wide)
        if not self.ranks.first:
            torch.manual_seed(self.spec.seed + self.ranks.number)  # no two ranks drop the same
        self.net.allow_growth(growth(self.spec))
        self.optimizer: Optimizer = make_optimizer(self.net, self.spec)
        self.memories: list[Memory | None] = [None] * self.spec.training.accumulate
        """Of each part that this rank reads."""
        self.held: Tensor | None = None
        """The lengths that heads are grouped by between two groupings, where that is not every step."""
        self.step = 0
        self.seconds = 0.0
        self.losses: list[Tensor] = []
        """Of the steps since the last evaluation."""
        self.spans: SpanSample | None = None
        """Of a dynamic span, at the last evaluation."""
        self.use: HeadUse | None = None
        """What heads use, at an evaluation of this very step."""

    def resume(self) -> list[str]:
        """Go on from the newest checkpoint that is whole, if there is one. Damaged ones are set aside: why, one text each.

        Raises RunError where the corpus is another one now.
        """
        damage = self._set_damaged_aside() if self.ranks.first else []
        self._require_same_corpus()
        newest = self.ranks.agree(self.step)
        if newest and not self.ranks.first:
            self._restore(newest)
        return damage

    def _set_damaged_aside(self) -> list[str]:
        damage = []
        remove_leftovers(self.run.folder / "checkpoints")
        for step in reversed(self.run.steps()):
            try:
                checkpoint.verify(self.run.checkpoint(step))
                self._restore(step)
                break
            except torch.OutOfMemoryError:
                raise  # that says nothing of the checkpoint
            except (CheckpointError, KeyError, RuntimeError, ValueError) as error:
                kept = self.run.set_aside(step)
                damage.append(f"set aside as {kept.name}: {error}")
        else:
            self.begin()
        return damage

    def _require_same_corpus(self) -> None:
        if not self.step:
            return
        read = checkpoint.read_summary(self.run.checkpoint(self.step)).get("corpus")
        if read is not None and read != self.corpus.digests:
            raise RunError(
                f"run {self.run.name}: corpus {self.corpus.name} is not the text that it was trained on up to step "
                f"{self.step}; bring that back, or train a new run"
            )

    def _restore(self, step: int) -> None:
        folder = self.run.checkpoint(step)
        tensors = checkpoint.read_tensors(folder / "training.safetensors")
        self.net.load_state_dict(checkpoint.read_tensors(folder / "model.safetensors"))
        load_state_tensors(self.optimizer, _part(tensors, "optimizer."))
        remembered = [layer.to(self.device) for layer in _part(tensors, "memory.").values()]
        self.memories = [
            [layer[self._lanes(part)] for layer in remembered] or None
            for part in range(len(self.memories))
        ]
        self.losses = list(tensors.get("losses", torch.empty(0)).to(self.device))
        self._restore_random(tensors, step)
        if self.group_every and "held" in tensors:
            margin = self.group_every * growth(self.spec)
            self.held = self.net.hold_groups(margin, tensors["held"])
        if self.device == "cpu" and "threads" in tensors:
            torch.set_num_threads(min(int(tensors["threads"]), os.cpu_count() or 1))
        self.seconds = checkpoint.read_summary(folder)["seconds"]
        self.step = step

    def _restore_random(self, tensors: dict[str, Tensor], step: int) -> None:
        """Of another number of ranks only the first has a state to go on from."""
        own = "" if self.ranks.first else f".{self.ranks.number:03d}"
        if f"random{own}" not in tensors:
            torch.manual_seed(self.spec.seed + self.ranks.number + step)
            return
        torch.set_rng_state(tensors[f"random{own}"])
        if f"random.cuda{own}" in tensors and self.device != "cpu":
            torch.cuda.set_rng_state(tensors[f"random.cuda{own}"])

    def _lanes(self, part: int) -> slice:
        """The lanes of the batch that are in a part of this rank."""
        first = (self.ranks.number * len(self.memories) + part) * self.part
        return slice(first, first + self.part)

    def update(self) -> None:
        """One step.

        Raises RunError where the loss explodes or is no number any more, before it does harm.
        """
        training = self.spec.training
        set_rate(self.optimizer, rate(self.step, training))
        if self.group_every and self.step % self.group_every == 0:
            self.held = self.net.hold_groups(self.group_every * growth(self.spec))
        self.optimizer.zero_grad(set_to_none=True)
        share = 1 / (len(self.memories) * self.ranks.size)
        loss = torch.zeros((), dtype=self.net.position.dtype, device=self.device)
        for part in range(len(self.memories)):
            loss += share * self._read(part, share)
        self.ranks.sum_gradients(self.net.parameters())
        loss = self.ranks.sum(loss)
        clip = training.gradient_clip if training.optimizer == "adamw" else math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), clip)
        self._require_sanity(loss.item(), norm.item())
        self.optimizer.step()
        self.net.clamp_spans_()
        self.losses.append(loss)
        self.step += 1

    def _read(self, part: int, share: float) -> Tensor:
        """Read the next block of a part and add its share to the gradients: its mean loss, nats a token."""
        training = self.spec.training
        inputs, targets = (
            t.to(self.device) for t in self.lanes.block_at(self.step, self._lanes(part))
        )
        half = training.precision == "bfloat16"
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=half):
            states, z, _, self.memories[part] = self.net.read(inputs, self.memories[part])
            logits = self.net.logits(states[-1]).flatten(0, 1)
        loss = F.cross_entropy(logits.to(self.net.position.dtype), targets.flatten())
        penalty = training.span_penalty * self.net.span_penalty(z)
        ((loss + penalty) * share).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _require_sanity(self, loss: float, norm: float) -> None:
        bound = EXPLODED * math.log(max(2, self.spec.model.symbols))
        if not math.isfinite(loss + norm) or loss > bound:
            raise RunError(
                f"run {self.run.name} diverged at step {self.step}: the loss is {loss:.3g}, the gradient's norm "
                f"{norm:.3g}; its checkpoints are whole; try a lower learning_rate than "
                f"{self.spec.training.learning_rate:g}"
            )

    @property
    def tokens(self) -> int:
        """Tokens read so far."""
        return self.step * self.spec.training.tokens_a_step

    def evaluate(self) -> dict[str, Any]:
        """A line of metrics.jsonl. Raises RunError where the model came to harm."""
        loss = torch.stack(self.losses).mean().item()
        self.losses.clear()
        found = self._read_valid()
        self._require_sanity(found.bpc * math.log(2), 0.0)  # the last update may have done the harm
        self.spans = found.spans
        self.use = self._measure_use()
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

    def _measure_use(self) -> HeadUse:
        """What each head uses on a held-out sample."""
        training = self.spec.training
        sample = held_out_sample(self.corpus.valid, self.spec.model.span_limit)
        return measure_use(self.net, sample, training.span_penalty, training.block)

    def state(self) -> dict[str, Tensor]:
        """What `resume` needs beside the weights: the same from every rank, which must all ask for it."""
        state = {f"optimizer.{k}": v for k, v in state_tensors(self.optimizer).items()}
        remembered = [memory for memory in self.memories if memory]
        for number, parts in enumerate(zip(*remembered, strict=True)):
            state[f"memory.{number:03d}"] = torch.cat(self.ranks.gather(torch.cat(parts)))
        state["losses"] = torch.stack(self.losses) if self.losses else torch.empty(0)
        state["threads"] = torch.tensor(torch.get_num_threads())
        if self.held is not None:
            state["held"] = self.held
        random = {"random": torch.get_rng_state()}
        if self.device != "cpu":
            random["random.cuda"] = torch.cuda.get_rng_state()
        for rank, states in enumerate(self.ranks.gather_values(random)):
            suffix = f".{rank:03d}" if rank else ""
            state |= {f"{name}{suffix}": tensor for name, tensor in states.items()}
        return state

    def save(self, bpc: float | None, state: dict[str, Tensor]) -> None:
        """A checkpoint of this moment, with its bpc on part of valid, and those that the spec keeps. Raises OSError."""
        if self.spans is None and self.spec.model.variant == "dynamic":
            self.spans = self._read_valid().spans
        summary = {
            "bpc": {"part": bpc, "valid": None, "test": None},
            "tokens": self.tokens,
            "seconds": self.seconds,
            "corpus": self.corpus.digests,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "spans": self.spans.to_dict() if self.spans else None,
            "use": self.use.to_dict() if self.use and bpc is not None else None,
        }
        folder = self.run.checkpoint(self.step)
        checkpoint.save(folder, self.net, self.spec, self.step, summary, state)
        training = self.spec.training
        self.run.prune(training.keep, training.keep_every, self._best())

    def _best(self) -> int | None:
        """The step of the checkpoint with the lowest bpc."""
        kept = set(self.run.steps())
        measured = [(line["bpc"], line["step"]) for line in self.run.metrics()]
        return min(((bpc, step) for bpc, step in measured if step in kept), default=(0, None))[1]

    def measure(self) -> None:
        """Add the bpc of all of valid and test to the last checkpoint, unless it is there. Raises OSError."""
        folder = self.run.checkpoint(self.step)
        summary = checkpoint.read_summary(folder)
        if summary["bpc"]["test"] is not None:
            return
        for split in ("valid", "test"):
            found = evaluate(self.net, getattr(self.corpus, split))
            summary["bpc"][split] = found.bpc
            if split == "valid" and found.spans:
                summary["spans"] = found.spans.to_dict()
        write_text(folder / "summary.json", json.dumps(summary, indent=1) + "\n")


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in sorted(tensors.items()) if k.startswith(prefix)}
