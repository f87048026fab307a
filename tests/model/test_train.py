"""Runs: trained, stopped, resumed, and never half written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint, probe, train
from model.checkpoint import CheckpointError
from model.config import ConfigError, ModelConfig, RunSpec, TrainingConfig
from model.corpora import Corpus
from model.evaluate import bits_per_character
from model.optim import PaperAdagrad, rate
from model.presets import PRESETS
from model.runs import Run, RunError
from model.trainer import Trainer
from model.transformer import Transformer

SPEC = RunSpec(
    ModelConfig(layers=2, heads=2, hidden=16, inner=32, span_limit=40, ramp=8, dropout=0.1),
    TrainingConfig(
        steps=8, batch=2, block=16, warmup=2, evaluate_every=4, evaluate_tokens=200, keep=2
    ),
)


@pytest.fixture(autouse=True)
def corpus(monkeypatch: pytest.MonkeyPatch) -> Corpus:
    text = np.frombuffer(b"the quick brown fox jumps over the lazy dog. " * 40, np.uint8)
    made = Corpus(
        "classics", "bytes", text, text[:400], text[:300], {"train": "", "valid": "", "test": ""}
    )
    monkeypatch.setattr(train, "load", lambda name, folder: made)
    return made


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoint(step) / "model.safetensors")


def without_seconds(run: Run) -> list[dict[str, object]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in run.metrics()]


@pytest.mark.parametrize(
    ("optimizer", "variant"),
    [("adamw", "adaptive"), ("adagrad", "adaptive"), ("adamw", "dynamic")],
)
def test_an_interrupted_run_ends_as_an_uninterrupted_one_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, variant: str
) -> None:
    spec = SPEC.replace(optimizer=optimizer, variant=variant)
    whole = Run.create(tmp_path, "whole", spec)
    assert train.train(whole)

    broken = Run.create(tmp_path, "broken", spec)
    update: Callable[[Trainer], None] = Trainer.update

    def killed_after_six(trainer: Trainer) -> None:
        if trainer.step == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        update(trainer)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "update", killed_after_six)
        assert not train.train(broken)
    assert broken.steps() == [4, 7]
    unmeasured = {"part": None, "valid": None, "test": None}
    assert checkpoint.read_summary(broken.checkpoint(7))["bpc"] == unmeasured
    assert train.train(broken)
    assert broken.steps() == [7, 8]
    for name, tensor in weights(whole, 8).items():
        assert torch.equal(tensor, weights(broken, 8)[name]), name
    assert [m["step"] for m in broken.metrics()] == [4, 8]
    assert without_seconds(whole) == without_seconds(broken)


def test_training_learns_and_measures_itself(tmp_path: Path, corpus: Corpus) -> None:
    run = Run.create(tmp_path, "a", SPEC.replace(steps=60, evaluate_every=20, learning_rate=1e-2))
    train.train(run)
    bpc = [line["bpc"] for line in run.metrics()]
    assert bpc == sorted(bpc, reverse=True) and bpc[-1] < 4
    summary = checkpoint.read_summary(run.checkpoint(60))
    net = checkpoint.load(run.checkpoint(60))
    assert summary["bpc"]["test"] == bits_per_character(net, corpus.test)
    assert run.steps() == [40, 60]
    torch.testing.assert_close(net.z, torch.tensor(run.metrics()[-1]["z"]), atol=1e-3, rtol=0)
    torch.testing.assert_close(checkpoint.read_z(run.checkpoint(60)).float(), net.z)


def test_bits_do_not_depend_on_the_block_and_count_every_token_but_the_first() -> None:
    torch.manual_seed(0)
    net = Transformer(SPEC.model).eval()
    text = np.arange(200, dtype=np.uint8)
    tokens = torch.from_numpy(text.astype(np.int64))[None]
    shares = net(tokens[:, :-1])[0][0].log_softmax(-1)
    expected = -shares.gather(1, tokens[0, 1:, None]).mean().item() / np.log(2)
    assert bits_per_character(net, text) == pytest.approx(expected, abs=1e-5)


def test_a_dynamic_run_tells_how_its_spans_move_over_held_out_text(
    tmp_path: Path, corpus: Corpus
) -> None:
    spec = SPEC.replace(variant="dynamic", steps=20, evaluate_every=20, learning_rate=1e-2)
    run = Run.create(tmp_path, "a", spec)
    train.train(run)
    sample = checkpoint.read_span_sample(run.checkpoint(20))
    net = checkpoint.load(run.checkpoint(20))
    valid = torch.from_numpy(corpus.valid.astype(np.int64))
    spans = probe.read(net, valid[:-1], ["span"]).fields["span"].sort(0).values  # [time, 2, 2]
    count = sample.tokens
    assert count == len(spans) == len(corpus.valid) - 1
    torch.testing.assert_close(sample.span.float(), spans.mean(0), atol=1e-2, rtol=0)
    for share, own in ((0.1, sample.p10), (0.5, sample.p50), (0.9, sample.p90)):
        assert torch.equal(own.float(), spans[int(np.ceil(share * count)) - 1])
    assert bool((sample.p90 <= sample.paid + 8).all() and (sample.paid >= sample.span).all())
    assert (sample.p90 > sample.p10).any()
    torch.testing.assert_close(checkpoint.read_z(run.checkpoint(20)), sample.z)


def test_two_processes_never_train_one_run(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    assert not run.training
    with run.lock():
        assert run.training
        with pytest.raises(RunError, match="another process"):
            train.train(run)
    assert not run.training


def test_a_checkpoint_that_breaks_half_way_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    train.train(run)
    net = checkpoint.load(run.checkpoint(8))

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "serialized", full_disk)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(run.checkpoint(9), net, SPEC, 9, {})
    assert run.steps() == [4, 8]
    assert sorted(p.name for p in (run.folder / "checkpoints").iterdir()) == [
        "step-00000004",
        "step-00000008",
    ]


def test_an_interrupted_removal_is_never_half_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    train.train(run)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            run.prune(1)
    assert run.steps() == [8]
    train.train(run)
    assert [p.name for p in (run.folder / "checkpoints").iterdir()] == ["step-00000008"]


def test_the_end_is_measured_even_if_it_was_interrupted_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path, "a", SPEC)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "measure", killed)
        with pytest.raises(KeyboardInterrupt):
            train.train(run)
    assert checkpoint.read_summary(run.checkpoint(8))["bpc"]["test"] is None
    assert train.train(run)
    assert checkpoint.read_summary(run.checkpoint(8))["bpc"]["test"] > 0


def test_a_run_that_diverges_stops_and_says_so(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", SPEC.replace(learning_rate=1e30, warmup=0, steps=30))
    with pytest.raises(RunError, match=r"diverged at step \d+.*lower learning_rate"):
        train.train(run)
    for step in run.steps():
        assert checkpoint.load(run.checkpoint(step)).z.isfinite().all()


def test_a_run_is_opened_made_or_refused(tmp_path: Path) -> None:
    made = train.open_run(tmp_path, "a", "quick", {"steps": 5})
    assert train.open_run(tmp_path, "a", None, {}) == made and made.spec.training.steps == 5
    with pytest.raises(RunError, match="exists with other settings"):
        train.open_run(tmp_path, "a", "quick", {})
    with pytest.raises(RunError, match="no name of a run"):
        train.open_run(tmp_path, "..", None, {})
    with pytest.raises(ConfigError, match="there is no corpus 'nope'"):
        train.open_run(tmp_path, "b", None, {"corpus": "nope"})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_bfloat16_keeps_the_spans_exact(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Transformer(replace(SPEC.model, span_limit=8192, ramp=32))
    with torch.no_grad():
        net.attentions[0].span.theta.copy_(torch.tensor([0.613, 0.2]))  # type: ignore[union-attr]
    spec = replace(SPEC, model=net.config)
    summary = {"bpc": {}, "tokens": 0, "seconds": 0.0, "created": "2026-01-01"}
    checkpoint.save(tmp_path / "step-00000001", net, spec, 1, summary)
    half = checkpoint.load(tmp_path / "step-00000001", dtype=torch.bfloat16)
    assert torch.equal(half.z, net.z)
    tokens = torch.randint(256, (1, 20))
    expected, actual = net.eval()(tokens)[0], half(tokens)[0]
    assert actual.dtype == torch.bfloat16
    assert (actual.float() - expected).norm() <= 2e-2 * expected.norm()


def test_damaged_checkpoints_are_named_but_not_where_they_lie(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    train.train(run)
    folder = run.checkpoint(8)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"^a@8: model\.safetensors is damaged"):
        checkpoint.load(folder)
    (folder / "config.json").write_text('{"step": 8, "model": {"layers": "two"}}')
    with pytest.raises(CheckpointError, match="layers is 'two'; it must be a whole number"):
        checkpoint.load(folder)
    for name, reading in (
        ("summary.json", checkpoint.read_summary),
        ("config.json", checkpoint.load),
        ("model.safetensors", checkpoint.count_parameters),
    ):
        (folder / name).unlink()
        detail = rf"^a@8: {name} cannot be read: No such file or directory$"
        with pytest.raises(CheckpointError, match=detail):
            reading(folder)


def test_weights_that_vanish_between_opening_and_mapping_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    train.train(run)
    weights = run.checkpoint(8) / "model.safetensors"
    mapped = torch.UntypedStorage.from_file

    def pruned_meanwhile(*arguments: Any, **settings: Any) -> torch.UntypedStorage:
        weights.unlink()
        return mapped(*arguments, **settings)

    monkeypatch.setattr(torch.UntypedStorage, "from_file", pruned_meanwhile)
    with pytest.raises(CheckpointError, match=r"^a@8: model\.safetensors .*gone") as told:
        checkpoint.load(weights.parent)
    assert str(tmp_path) not in str(told.value)


def test_a_line_of_metrics_cut_short_is_left_out(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", SPEC)
    run.append_metrics({"step": 1})
    with (run.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 2, "bp')
    assert run.metrics() == [{"step": 1}]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heads": 7}, "hidden is 16; it must be a multiple of heads=7"),
        ({"block": 41}, "block is 41; it must be at most span_limit=40"),
        ({"layers": 0}, "layers is 0; it must be at least 1"),
        ({"layers": True}, "layers is True; it must be a whole number"),
        ({"dropout": 1}, r"dropout is 1; it must be in \[0, 1\)"),
        ({"no_such": 1}, "no_such is 1; it must be the name of a setting"),
        ({"hold": 7}, "hold is 7; it must be from 0 to steps - warmup = 6"),
        ({"variant": "wide"}, "variant is 'wide'"),
    ],
)
def test_wrong_settings_say_what_would_be_right(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SPEC.replace(**settings)


def test_specs_survive_json() -> None:
    for spec in PRESETS.values():
        assert RunSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_the_rate_warms_up_falls_and_stays() -> None:
    training = TrainingConfig(steps=100, hold=20, warmup=10)
    rates = [rate(step, training) for step in range(100)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True) and rates[45] == pytest.approx(0.525)
    assert rates[80:] == pytest.approx([0.05] * 20)
    paper = replace(training, schedule="constant", floor=0.1)
    assert [rate(step, paper) for step in (4, 50, 79, 80, 99)] == [0.5, 1, 1, 0.1, 0.1]
    short = replace(training, steps=40, schedule_steps=100)
    assert [rate(step, short) for step in range(40)] == rates[:40]


def test_the_paper_s_adagrad_clips_the_step_and_accumulates_the_raw_gradient() -> None:
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = PaperAdagrad([weight], lr=0.07, clip=0.03)
    weight.grad = torch.tensor([3.0, 4.0])
    optimizer.step()
    torch.testing.assert_close(optimizer.state[weight]["sum"], torch.tensor([9.0, 16.0]))
    torch.testing.assert_close(weight.data, torch.full((2,), -0.07 * 0.03 / 5))


def test_model_needs_no_web_and_no_plots() -> None:
    code = (
        "import sys, model, model.train, model.probe; "
        "print({'fastapi', 'pydantic', 'plotly', 'pandas', 'uvicorn'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
