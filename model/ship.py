"""`python -m model.ship RUN`: put a finished run on the shelf, with a model card computed from it.

The newest checkpoint goes there, in bfloat16 (but for the spans) where its bits per character do not suffer; what only
resuming needs stays behind. What the card claims is measured anew with the weights as they ship.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from model import checkpoint
from model.config import RunSpec
from model.corpora import Corpus, CorpusError, load
from model.evaluate import bits_per_character
from model.files import digest, whole_folder
from model.presets import PRESETS
from model.runs import Run, RunError

SHELF = Path(__file__).parent / "shelf"
SUFFERS = 0.001
"""Bits per character on valid that bfloat16 may cost."""
LOOK = {
    "fixed": "all look back as far as the span limit",
    "adaptive": "learned how far back to look",
    "dynamic": "learned to tell from each token how far back to look",
}
LICENSE = "The weights are ours and under the project's Apache-2.0 license."


def ship(run: Run, note: str = "", shelf: Path = SHELF, data: Path | None = None) -> Run:
    """Copy a finished run to the shelf; the note goes on its card, on what no file of the run tells.

    Raises RunError where it is not finished and measured, imported, trimmed or already there, CorpusError where it cannot be measured.
    """
    steps, spec = run.steps(), run.spec
    if spec.imported:
        raise RunError(f"run {run.name} was trained by other code: no card can tell how")
    if spec.parent:
        raise RunError(f"run {run.name} was trimmed from {spec.parent}: ship that one's run")
    if not steps or steps[-1] != spec.training.steps:
        raise RunError(f"run {run.name} has not ended: {spec.training.steps} steps were asked for")
    if checkpoint.read_summary(run.checkpoint(steps[-1]))["bpc"]["valid"] is None:
        raise RunError(f"run {run.name} has not been measured on all of valid: train it once more")
    if (shelf / run.name).exists():
        raise RunError(f"a run named {run.name} is on the shelf already")
    corpus = load(spec.corpus, data)
    with whole_folder(shelf / run.name) as new:
        for name in ("run.json", "metrics.jsonl"):
            shutil.copy(run.folder / name, new / name)
        if (run.folder / "about.json").exists():
            shutil.copy(run.folder / "about.json", new / "about.json")
        shipped = Run(new)
        _copy(run.checkpoint(steps[-1]), shipped.checkpoint(steps[-1]), corpus)
        (new / "README.md").write_text(card(shipped, run.name, note), encoding="utf-8")
    return Run(shelf / run.name)


def _copy(source: Path, target: Path, corpus: Corpus) -> None:
    target.mkdir(parents=True)
    shutil.copy(source / "config.json", target / "config.json")
    summary = checkpoint.read_summary(source)
    exact = checkpoint.read_tensors(source / "model.safetensors")
    half = {
        name: tensor if ".span." in name else tensor.to(torch.bfloat16)
        for name, tensor in exact.items()
    }
    for tensors in (half, exact):
        save_file(tensors, target / "model.safetensors")
        _write_summary(target, summary)
        net = checkpoint.load(target)
        valid = bits_per_character(net, corpus.valid)
        if valid <= summary["bpc"]["valid"] + SUFFERS:
            break
    measured = {"valid": valid, "test": bits_per_character(net, corpus.test)}
    _write_summary(target, {**summary, "bpc": {**summary["bpc"], **measured}})


def _write_summary(folder: Path, summary: dict[str, Any]) -> None:
    files = (path for path in sorted(folder.iterdir()) if path.name != "summary.json")
    whole = {**summary, "files": {path.name: digest(path) for path in files}}
    (folder / "summary.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def card(run: Run, name: str, note: str = "") -> str:
    """What the newest checkpoint of a run of that name is, in Markdown; every number is read from the run."""
    spec, step = run.spec, run.steps()[-1]
    folder = run.checkpoint(step)
    summary, z = checkpoint.read_summary(folder), checkpoint.read_z(folder)
    model, training = spec.model, spec.training
    lengths_are = "Soft lengths z in tokens"
    if model.variant == "dynamic":
        read = checkpoint.read_span_sample(folder).tokens
        lengths_are = f"Soft lengths z in tokens, each the mean over {read:,} tokens of valid"
    layers = "\n".join(
        f"| {number} | {lengths.mean():.0f} | {lengths.max():.0f} | "
        f"{' '.join(f'{length:.0f}' for length in sorted(lengths.tolist()))} |"
        for number, lengths in enumerate(z)
    )
    title = run.about().get("title") or spec.title or name
    return f"""# {title}

A transformer of {model.layers} layers and {model.heads} heads whose attention heads {
        LOOK[model.variant]
    }
({model.variant} span, Sukhbaatar et al. 2019), trained by Spanscope's own trainer.

| | |
| --- | --- |
| parameters | {checkpoint.count_parameters(folder):,} |
| sizes | D {model.hidden}, FF {model.inner}, span limit S {model.span_limit}, ramp R {model.ramp} |
| corpus | `{spec.corpus}`, {model.alphabet} |
| tokens read | {summary["tokens"]:,} ({step:,} steps of {training.batch} x {training.block}) |
| recipe | {training.optimizer}, rate {training.learning_rate:g}, lambda {
        training.span_penalty:g}, seed {spec.seed} |
| bits per character, valid | {summary["bpc"]["valid"]:.4f} |
| bits per character, test | {summary["bpc"]["test"]:.4f} |
| time in steps | {summary["seconds"] / 60:.0f} minutes |

Made with

    {command(name, spec)}

and measured with `spanscope evaluate {name}@{step} --split test`. SHA-256 of the splits:
{", ".join(f"{split} `{digest}`" for split, digest in summary["corpus"].items())}.
{
        note
        and f'''
{note}
'''
    }
## Spans

{lengths_are}; a head's span is z and the ramp of {model.ramp}, at most {model.span_limit}.

| layer | mean z | longest | every head |
| --- | --- | --- | --- |
{layers}

## Use

It is a small model, made to be looked at. Text that it writes means nothing.
{LICENSE}
"""


def command(name: str, spec: RunSpec) -> str:
    """The command that makes this run: of the nearest preset, with what differs."""
    whole, best = _settings(spec), dict[str, Any]()
    nearest = ""
    for preset, known in PRESETS.items():
        differs = {key: value for key, value in whole.items() if _settings(known)[key] != value}
        if not nearest or len(differs) < len(best):
            nearest, best = preset, differs
    changed = "".join(f" --set {key}={value}" for key, value in best.items())
    return f"spanscope train {name} --preset {nearest}{changed}"


def _settings(spec: RunSpec) -> dict[str, Any]:
    """Every setting by its name, as `--set` takes them; a title does not change what is trained."""
    return {
        "corpus": spec.corpus,
        "seed": spec.seed,
        **dataclasses.asdict(spec.model),
        **dataclasses.asdict(spec.training),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m model.ship", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("--note", default="", help="a paragraph for the card")
    given = parser.parse_args()
    try:
        shipped = ship(Run(given.run.resolve()), given.note)
    except (RunError, CorpusError, checkpoint.CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{shipped.name} is on the shelf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
