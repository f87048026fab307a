"""Trimming: the mathematics of it, what is kept of it, and the runs that come of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from model import checkpoint, corpora
from model.background import work
from model.config import Budget, ConfigError, ModelConfig, RunSpec, TrainingConfig
from model.evaluate import bits_per_character, evaluate
from model.leave import Leave
from model.needs import Needs, Sample, files_of, header_of, read_needs, sample_of, tries
from model.runs import Run, RunError
from model.span import AdaptiveSpan, DynamicSpan
from model.train import train
from model.transformer import Transformer
from model.trim import learning, trim, trim_to, trimmed_spec, with_spans
from model.trim_path import Offer, TrimPath, cheapest
from tests.small_runs import events, prepared_corpus

SMALL = ModelConfig(layers=2, heads=2, hidden=16, inner=32, span_limit=40, ramp=8)
VARIANTS = ["fixed", "adaptive", "dynamic"]
SPANS = [[40, 3], [17, 40]]
CUTS = [(0, 1, 3), (1, 0, 17)]
STEP = 8


def small(variant: str) -> Transformer:
    torch.manual_seed(0)
    net = Transformer(dataclasses.replace(SMALL, variant=variant)).eval()
    with torch.no_grad():
        for attention in net.attentions:
            attention.query.weight.mul_(4)
            if isinstance(attention.span, AdaptiveSpan):
                attention.span.theta.copy_(torch.tensor([0.81, 0.6]))
            elif isinstance(attention.span, DynamicSpan):
                attention.span.weight.normal_(std=0.5)
                attention.span.bias.zero_()
    return net


def saved(runs: Path, net: Transformer) -> Path:
    """As a run's checkpoint whose bits on valid nobody has measured."""
    spec = RunSpec(net.config, TrainingConfig(steps=STEP, block=16), corpus="enwik8")
    tokens = np.random.default_rng(0).integers(256, size=300, dtype=np.uint8)
    spans = evaluate(net, tokens).spans
    summary = {
        "bpc": {"part": None, "valid": None, "test": None},
        "tokens": 100,
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
        "spans": spans.to_dict() if spans else None,
    }
    folder = Run.create(runs, "parent", spec).checkpoint(STEP)
    checkpoint.save(folder, net, spec, STEP, summary)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepared_corpus(tmp_path / "data")


def quiet(what: str, done: float, total: float) -> None:
    assert 0 <= done <= total, what


@pytest.mark.parametrize("variant", VARIANTS)
@torch.no_grad()
def test_a_trimmed_model_computes_what_its_parent_does_with_its_heads_cut(variant: str) -> None:
    net, tokens = small(variant), torch.randint(256, (2, 90))
    trimmed = with_spans(learning(net), SPANS)
    assert trimmed.config.variant == ("dynamic" if variant == "dynamic" else "adaptive")
    with net.cut(CUTS):
        expected = net(tokens)[0]
    assert torch.equal(trimmed(tokens)[0], expected)
    with net.cut([*CUTS, (1, 1, 5)]), trimmed.cut([(1, 1, 5), (0, 1, 30)]):
        assert torch.equal(trimmed(tokens)[0], net(tokens)[0])
    assert torch.equal(trimmed(tokens)[0], expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trimmed_model_is_read_from_its_files_as_it_was_written(
    tmp_path: Path, variant: str
) -> None:
    trimmed, tokens = with_spans(learning(small(variant)), SPANS), torch.randint(256, (1, 60))
    folder = saved(tmp_path, trimmed)
    assert checkpoint.read_config(folder)[0].model == trimmed.config
    assert torch.equal(checkpoint.load(folder)(tokens)[0], trimmed(tokens)[0])
    if variant != "dynamic":
        torch.testing.assert_close(checkpoint.read_z(folder).float(), trimmed.z)
        assert trimmed.z[0, 1] == 3 - SMALL.ramp


def test_a_config_tells_of_trimming_only_where_there_was_some() -> None:
    training = TrainingConfig(block=16)
    plain = RunSpec(SMALL, training)
    assert not {"parent", "budget"} & plain.to_dict().keys()
    assert "most_spans" not in plain.to_dict()["model"]
    most = tuple(map(tuple, SPANS))
    model = dataclasses.replace(SMALL, most_spans=most)
    spec = RunSpec(model, training, parent="parent@8", budget=Budget("flops", 0.5))
    assert RunSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    for wrong in ([[40, 3]], [[40, 0], [1, 1]], [[40, 41], [1, 1]], "40", [[40, True], [1, 1]]):
        with pytest.raises(ConfigError, match="most_spans is"):
            ModelConfig.from_dict({**dataclasses.asdict(SMALL), "most_spans": wrong})


@pytest.mark.parametrize("variant", VARIANTS)
def test_reading_from_the_cut_layer_on_gives_the_bits_of_reading_all(variant: str) -> None:
    net = small(variant)
    tokens = np.random.default_rng(1).integers(256, size=(3, 700), dtype=np.uint8)
    sample = Sample(net, tokens)
    before, spans = sample.read([])
    upper, spans_of_upper = sample.read([(1, 0, 4)])
    assert torch.equal(spans_of_upper[0], spans[0])
    with net.cut([(1, 0, 4)]):
        whole = Sample(net, tokens).read([])[0]
    torch.testing.assert_close(upper, whole, rtol=0, atol=1e-5)
    assert not torch.equal(upper, before)
    assert torch.equal(sample.read([])[0], before)


@torch.no_grad()
def test_no_bits_are_told_that_depend_on_where_a_lane_begins() -> None:
    torch.manual_seed(0)
    net = Transformer(dataclasses.replace(SMALL, layers=1)).eval()
    text = np.random.default_rng(1).integers(256, size=(2, 400), dtype=np.uint8)
    late = Sample(net, text[:, 100:])
    assert late.told_from == SMALL.span_limit and late.tokens == 2 * (299 - 40)
    cuts = [(0, 1, 9)]
    expected = Sample(net, text).read(cuts)[0].view(2, -1)[:, -259:]
    torch.testing.assert_close(late.read(cuts)[0].view(2, -1), expected)


def test_a_useless_head_is_cut_before_any_that_is_needed_and_to_the_least(tmp_path: Path) -> None:
    net = small("adaptive")
    with torch.no_grad():
        net.attentions[1].out.weight[:, 8:] = 0  # nothing of its head 1 comes out
    text = np.random.default_rng(1).integers(256, size=(4, 1200), dtype=np.uint8)
    needs = Needs(Sample(net, text), {}, tmp_path / "needs.jsonl")
    of_heads = needs.of_heads(lambda what, amount: None)
    assert all(loss.bits == 0 for loss in of_heads[1, 1])
    path = TrimPath(of_heads, needs.sample.uncut[1], needs, Budget("cache", 0.5))
    place = path.steps.index(of_heads[1, 1][-1].cuts[0])
    assert [step[:2] for step in path.steps].count((1, 1)) == 1
    lost = {loss.cuts[0]: loss.bits for losses in of_heads.values() for loss in losses}
    assert all(lost[step] < 0 for step in path.steps[:place])
    assert place < len(path.steps) - 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_of_valid_keeps_the_bound(tmp_path: Path, data: Path, variant: str) -> None:
    net, bound = small(variant), 0.02
    parent = saved(tmp_path, net)
    trim_to(parent, Budget("bpc", bound), tmp_path / "short", quiet, data)
    folder = Run(tmp_path / "short").checkpoint(STEP)
    bpc = checkpoint.read_summary(folder)["bpc"]
    valid, test = (getattr(corpora.load("enwik8", data), name) for name in ("valid", "test"))
    assert bpc["valid"] == pytest.approx(bits_per_character(checkpoint.load(folder), valid))
    assert bpc["test"] == pytest.approx(bits_per_character(checkpoint.load(folder), test))
    assert bpc["valid"] <= bits_per_character(net, valid) + bound
    path = json.loads((tmp_path / "short/trim.json").read_text())
    points, chosen = path["points"], path["points"][path["chosen"]]
    spans = checkpoint.read_config(folder)[0].model.most_spans
    assert chosen["spans"] == [list(layer) for layer in spans]
    means = [point["mean_span"] for point in points]
    assert chosen["kept"] < points[0]["kept"] and means == sorted(means, reverse=True)


@pytest.mark.parametrize("kind", ["flops", "cache"])
def test_a_share_is_kept(tmp_path: Path, data: Path, kind: str) -> None:
    parent = saved(tmp_path, small("adaptive"))
    found = trim(parent, Budget(kind, 0.5), tmp_path, quiet, data)  # type: ignore[arg-type]
    first, chosen = found.path["points"][0], found.path["points"][found.path["chosen"]]
    measure = "mean_span" if kind == "flops" else "kept"
    assert 0.3 < chosen[measure] / first[measure] <= 0.5
    with pytest.raises(RunError, match="even the shortest spans that are tried leave more than 1%"):
        trim(parent, Budget(kind, 0.01), tmp_path, quiet, data)  # type: ignore[arg-type]


def test_offers_are_taken_along_their_hull() -> None:
    offers = [Offer(64, 64, 0.0), Offer(32, 32, 0.1), Offer(16, 16, 0.02), Offer(4, 4, 0.5)]
    assert [span for _, span in cheapest(offers)] == [16, 4]
    saves_nothing = [Offer(64, 9, 0.0), Offer(32, 9, 0.0), Offer(16, 9, 0.1)]
    assert [span for _, span in cheapest(saves_nothing)] == [32]


def test_what_was_measured_is_not_measured_again(tmp_path: Path, data: Path) -> None:
    class Leaves(Exception):
        pass

    def once(most: int) -> Callable[[str, float, float], None]:
        seen = list[str]()

        def told(what: str, done: float, total: float) -> None:
            seen.append(what)
            if seen.count("measuring what each head needs") > most:
                raise Leaves

        return told

    parent = saved(tmp_path, small("adaptive"))
    with pytest.raises(Leaves):
        trim(parent, Budget("bpc", 0.02), tmp_path, once(3), data)
    (file,) = files_of(parent, tmp_path)
    kept = file.read_text().splitlines()
    assert len(kept) == 1 + 4
    (together,) = files_of(parent, tmp_path, together=True)
    first = trim(parent, Budget("bpc", 0.02), tmp_path, quiet, data)
    assert file.read_text().splitlines()[:5] == kept
    size = file.stat().st_size + together.stat().st_size
    again = trim(parent, Budget("bpc", 0.02), tmp_path, quiet, data)
    assert file.stat().st_size + together.stat().st_size == size and again.path == first.path
    pieces = sample_of(corpora.load("enwik8", data).valid, SMALL.span_limit)
    sample = Sample(small("adaptive"), pieces)
    header = header_of(parent, sample)
    alone = read_needs(file, header)
    assert len(alone) == sum(map(len, tries(SMALL, sample.uncut[1]).values()))
    assert sample.loss(alone[0].cuts) == alone[0]
    assert read_needs(file, {**header, "weights": "another"}) == []
    Needs(sample, {**header, "weights": "another"}, file)
    assert len(file.read_text().splitlines()) == 1


def test_what_is_only_read_has_its_needs_kept_beside_the_runs(tmp_path: Path, data: Path) -> None:
    parent = saved(tmp_path / "shelf", small("adaptive"))
    before = sorted(parent.parent.parent.rglob("*"))
    trim_to(parent, Budget("flops", 0.7), tmp_path / "runs/short", quiet, data)
    assert sorted(parent.parent.parent.rglob("*")) == before
    assert (tmp_path / f"runs/.needs/parent/{parent.name}.jsonl").is_file()


def test_a_run_is_whole_or_absent_and_its_name_is_its_own(tmp_path: Path, data: Path) -> None:
    shortest = Transformer(dataclasses.replace(SMALL, ramp=4)).eval()
    parent = saved(tmp_path, shortest)
    with pytest.raises(RunError, match=r"no span that was tried is shorter for 0.1 bits"):
        trim_to(parent, Budget("bpc", 0.1), tmp_path / "short", quiet, data)
    assert not (tmp_path / "short").exists()
    with pytest.raises(RunError, match="exists: choose another folder"):
        trim_to(parent, Budget("bpc", 1), tmp_path / "parent", quiet, data)
    with pytest.raises(RunError, match="'No Name' is no name of a run"):
        trim_to(parent, Budget("bpc", 1), tmp_path / "No Name", quiet, data)


def test_the_trainer_trims_what_waits_and_goes_on_where_it_left(tmp_path: Path, data: Path) -> None:
    parent = saved(tmp_path, small("adaptive"))
    run = Run.create(tmp_path, "short", trimmed_spec(parent, Budget("bpc", 0.05)), queued=True)

    class Later(Leave):
        """Told to leave once the run has begun."""

        def __bool__(self) -> bool:
            return "started" in events(run)

    work(tmp_path, "cpu", data, Later(), once=True)
    assert events(run) == ["queued", "started", "left"] and run.state()[0] == "interrupted"
    work(tmp_path, "cpu", data, Leave(), once=True)
    assert events(run)[3:] == ["resumed", "checkpoint", "ended"] and run.state()[0] == "ended"
    assert run.steps() == [STEP] and run.metrics()[0]["step"] == STEP
    with pytest.raises(RunError, match="is parent@8 trimmed and cannot be trained on"):
        train(run, data=data)


def test_a_trim_whose_parent_is_gone_says_so(tmp_path: Path, data: Path) -> None:
    spec = trimmed_spec(saved(tmp_path / "elsewhere", small("fixed")), Budget("bpc", 0.05))
    run = Run.create(tmp_path, "short", spec, queued=True)
    work(tmp_path, "cpu", data, Leave(), once=True, shelf=tmp_path)
    assert run.state() == ("failed", "there is no checkpoint parent@8 any more")
