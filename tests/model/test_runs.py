"""What a run's files say of it: its state, its log, its checkpoints."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from model import files, train
from model.checkpoint import read_summary
from model.files import append_line, read_lines
from model.runs import Event, Run, RunError, State
from model.trainer import Trainer
from tests.small_runs import SPEC, events, prepared_corpus, same_weights


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_corpus(tmp_path_factory.mktemp("data"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path, "a", SPEC)


@pytest.mark.parametrize(
    ("last", "alone", "held"),
    [
        ("queued", "queued", "training"),
        ("started", "interrupted", "training"),
        ("resumed", "interrupted", "training"),
        ("paused", "interrupted", "paused"),
        ("continued", "interrupted", "training"),
        ("stop", "stopped", "stopping"),
        ("stopped", "stopped", "training"),
        ("left", "interrupted", "training"),
        ("failed", "failed", "training"),
        ("ended", "ended", "training"),
    ],
)
@pytest.mark.parametrize("then", [[], ["checkpoint"], ["damaged", "checkpoint"]])
def test_the_state_follows_from_the_last_event_and_the_lock(
    run: Run, last: Event, alone: State, held: State, then: list[Event]
) -> None:
    run.tell("started")
    run.tell(last, 3, "why")
    for event in then:
        run.tell(event, 4, "by the way")
    assert run.state() == (alone, "why")
    with run.lock():
        assert run.state() == (held, "why")
    assert run.state() == (alone, "why")


def test_the_state_of_a_run_without_a_log_follows_from_its_checkpoints(run: Run) -> None:
    assert run.state() == ("stopped", "")
    run.checkpoint(4).mkdir()
    assert run.state() == ("stopped", "")
    run.checkpoint(8).mkdir()
    assert run.state() == ("ended", "")


@pytest.mark.parametrize("name", ["log", "metrics"])
@pytest.mark.parametrize("torn", ['{"step": 2, "detail": "é', '{"step": 2, "detail": "a}', "\0\0"])
def test_a_torn_line_is_left_out_and_the_next_one_is_not(run: Run, name: str, torn: str) -> None:
    path = run.folder / f"{name}.jsonl"
    append_line(path, {"step": 1})
    with path.open("ab") as file:
        file.write(torn.encode()[:-1] if torn.endswith("é") else torn.encode())
    read = {"log": run.log, "metrics": run.metrics}[name]
    assert read() == [{"step": 1}]
    append_line(path, {"step": 3})
    assert read() == [{"step": 1}, {"step": 3}]


def test_a_log_that_is_none_is_named(run: Run) -> None:
    (run.folder / "log.jsonl").write_text("5\n")
    with pytest.raises(RunError, match=r"run a: log\.jsonl cannot be read: line 1 is no object"):
        run.state()


def test_a_line_that_does_not_fit_on_the_disk_leaves_the_file_as_it_was(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run.folder / "metrics.jsonl"
    run.append_metrics({"step": 1})
    before = path.read_bytes()
    write: Callable[[int, bytes], int] = os.write
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "write", lambda descriptor, line: write(descriptor, line[:7]))
        with pytest.raises(OSError, match="No space left") as raised:
            run.append_metrics({"step": 2})
    assert files.is_full(raised.value)
    assert path.read_bytes() == before
    run.append_metrics({"step": 2})
    assert [line["step"] for line in run.metrics()] == [1, 2]


def test_lines_of_several_writers_never_mix(tmp_path: Path) -> None:
    path, long = tmp_path / "log.jsonl", "x" * 3000

    def write(writer: int) -> None:
        for number in range(40):
            append_line(path, {"writer": writer, "number": number, "detail": long})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = read_lines(path)
    assert all(line["detail"] == long for line in found)
    for writer in range(4):
        assert [line["number"] for line in found if line["writer"] == writer] == list(range(40))


def test_the_newest_the_best_and_every_so_many_steps_stay(tmp_path: Path, data: Path) -> None:
    spec = SPEC.replace(steps=24, keep=2, keep_every=10, learning_rate=1e-2)
    run = Run.create(tmp_path, "a", spec)
    seen: list[list[int]] = []
    save = Trainer.save

    def watched(trainer: Trainer, bpc: float | None, state: dict[str, object]) -> None:
        save(trainer, bpc, state)  # type: ignore[arg-type]
        seen.append(trainer.run.steps())

    evaluate = Trainer.evaluate

    def best_at_6(trainer: Trainer) -> dict[str, object]:
        return {**evaluate(trainer), "bpc": 5.0 + abs(trainer.step - 6)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "save", watched)
        patch.setattr(Trainer, "evaluate", best_at_6)
        train.train(run, data=data)
    assert seen[:5] == [[2], [2, 4], [4, 6], [6, 8], [6, 8, 10]]
    assert run.steps() == [6, 10, 20, 22, 24]
    assert read_summary(run.checkpoint(6))["bpc"]["part"] == 5.0


def at_step(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], None]) -> None:
    """Let something happen in the middle of an update."""
    update: Callable[[Trainer], None] = Trainer.update

    def acting(trainer: Trainer) -> None:
        if trainer.step == step:
            act()
        update(trainer)

    monkeypatch.setattr(Trainer, "update", acting)


def test_a_stop_asked_for_through_the_log_saves_and_rests(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Run.create(tmp_path, "whole", SPEC)
    assert train.train(whole, data=data)
    run = Run.create(tmp_path, "a", SPEC, queued=True)

    def ask() -> None:
        run.tell("stop")
        assert run.state()[0] == "stopping"

    with monkeypatch.context() as patch:
        at_step(patch, 4, ask)
        assert not train.train(run, data=data, leave=train.Leave())
    assert run.state()[0] == "stopped" and run.steps() == [2, 4, 5]
    assert events(run)[-3:] == ["stop", "checkpoint", "stopped"]
    assert not train.train(run, data=data, leave=train.Leave()), "nobody wants it to go on"
    run.tell("queued")
    assert train.train(run, data=data, leave=train.Leave())
    assert run.state()[0] == "ended" and same_weights(run, whole, 8)


def test_a_resume_asked_for_before_the_stop_was_noticed_goes_on(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_of_mind() -> None:
        run.tell("stop")
        run.tell("queued")
        assert run.state()[0] == "training"

    at_step(monkeypatch, 4, change_of_mind)
    assert train.train(run, data=data)
    assert "stopped" not in events(run) and run.state()[0] == "ended"


def test_a_stop_asked_for_while_a_trainer_takes_the_run_up_is_heard(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path, "a", SPEC, queued=True)
    resume = Trainer.resume

    def slowly(trainer: Trainer) -> list[str]:
        run.tell("stop")
        return resume(trainer)

    monkeypatch.setattr(Trainer, "resume", slowly)
    assert not train.train(run, data=data, leave=train.Leave())
    assert events(run) == ["queued", "stop", "started", "checkpoint", "stopped"]
    assert run.steps() == [1]


def test_a_stopped_run_goes_on_in_the_foreground(run: Run, data: Path) -> None:
    run.tell("stop")
    assert train.train(run, data=data)
    assert run.state()[0] == "ended"


def test_changes_made_at_once_are_all_kept(run: Run) -> None:
    changes = [{f"change {i}": i} for i in range(24)]
    threads = [threading.Thread(target=run.describe, kwargs=change) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.about() == {f"change {i}": i for i in range(24)}
