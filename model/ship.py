"""`python -m model.ship RUN`: put a finished run on the shelf, with a model card computed from it.

The newest checkpoint keeps its weights as they are; the ones before it, kept so that anyone can see the spans settle,
are stored in bfloat16, but for the spans themselves. What only resuming needs stays behind.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from model import checkpoint
from model.config import RunSpec
from model.files import digest, whole_folder
from model.presets import PRESETS
from model.runs import Run, RunError

SHELF = Path(__file__).parent / "shelf"
LICENSE = "The weights are ours and under the project's Apache-2.0 license."


def ship(run: Run, note: str = "", shelf: Path = SHELF) -> Run:
    """Copy a finished run to the shelf; the note goes on its card, on what no file of the run tells.

    Raises RunError where it is not finished, imported or already there.
    """
    steps, spec = run.steps(), run.spec
    if spec.imported:
        raise RunError(f"run {run.name} was trained by other code: no card can tell how")
    if not steps or steps[-1] != spec.training.steps:
        raise RunError(f"run {run.name} has not ended: {spec.training.steps} steps were asked for")
    if (shelf / run.name).exists():
        raise RunError(f"a run named {run.name} is on the shelf already")
    with whole_folder(shelf / run.name) as new:
        for name in ("run.json", "metrics.jsonl"):
            shutil.copy(run.folder / name, new / name)
        (new / "README.md").write_text(card(run, note), encoding="utf-8")
        for step in steps:
            _copy(run.checkpoint(step), Run(new).checkpoint(step), exact=step == steps[-1])
    return Run(shelf / run.name)


def _copy(source: Path, target: Path, *, exact: bool) -> None:
    target.mkdir(parents=True)
    shutil.copy(source / "config.json", target / "config.json")
    tensors = checkpoint.read_tensors(source / "model.safetensors")
    if not exact:
        tensors = {
            name: tensor if ".span." in name else tensor.to(torch.bfloat16)
            for name, tensor in tensors.items()
        }
    save_file(tensors, target / "model.safetensors")
    digests = {path.name: digest(path) for path in sorted(target.iterdir())}
    summary = {**checkpoint.read_summary(source), "files": digests}
    (target / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def card(run: Run, note: str = "") -> str:
    """What the newest checkpoint of a run is, in Markdown; every number is read from the run."""
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
    return f"""# {spec.title or run.name}

A transformer of {model.layers} layers and {model.heads} heads whose attention heads learned how far back to look
({model.variant} span, Sukhbaatar et al. 2019), trained by Spanscope's own trainer.

| | |
| --- | --- |
| parameters | {checkpoint.count_parameters(folder):,} |
| sizes | D {model.hidden}, FF {model.inner}, span limit S {model.span_limit}, ramp R {model.ramp} |
| corpus | `{spec.corpus}`, {model.alphabet} |
| tokens read | {summary["tokens"]:,} ({step:,} steps of {training.batch} x {training.block}) |
| recipe | {training.optimizer}, rate {training.learning_rate:g}, lambda {training.span_penalty:g}, seed {spec.seed} |
| bits per character, valid | {summary["bpc"]["valid"]:.4f} |
| bits per character, test | {summary["bpc"]["test"]:.4f} |
| time in steps | {summary["seconds"] / 60:.0f} minutes |

Made with

    {command(run.name, spec)}

and measured with `spanscope evaluate {run.name}@{step} --split test`. SHA-256 of the splits:
{", ".join(f"{split} `{digest}`" for split, digest in summary["corpus"].items())}.

{note}

## Spans

{lengths_are}; a head's span is z and the ramp of {model.ramp}, at most {model.span_limit}.

| layer | mean z | longest | every head |
| --- | --- | --- | --- |
{layers}

## Use

It is made to be looked at: a small model of old English prose and verse. Text that it writes means nothing.
{LICENSE}
"""


def command(name: str, spec: RunSpec) -> str:
    """The command that makes this run."""
    for preset, known in PRESETS.items():
        if known == spec:
            return f"spanscope train {name} --preset {preset}"
    return f"spanscope train {name}  # with the settings of run.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m model.ship", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument("--note", default="", help="a paragraph for the card")
    given = parser.parse_args()
    try:
        shipped = ship(Run(given.run.resolve()), given.note)
    except (RunError, checkpoint.CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{shipped.name} is on the shelf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
