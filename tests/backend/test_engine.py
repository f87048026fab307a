"""The models' threads: what waits, what is shared, what is done together, what is given up, what is kept."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.catalogue import Catalogue, Entry
from backend.settings import Settings
from backend.work import text_reading
from backend.work.answers import Answers
from backend.work.devices import Unwanted
from backend.work.engine import Busy, Engine
from backend.work.kept import Answer
from backend.work.text_reading import TextReading
from model import load, probe
from tests.backend.test_api import TINY, analyse
from tests.backend.visits import Visit, in_own_loop

ANALYSES = f"{TINY}/analyses"
PATIENCE = 30


@pytest.fixture
def tiny(runs: Path) -> Entry:
    return Catalogue([runs]).resolve("tiny@10")[0]


@pytest.fixture
def service(runs: Path) -> Iterator[Callable[..., FastAPI]]:
    apps = list[FastAPI]()

    def make(**settings: Any) -> FastAPI:
        apps.append(create_app(Settings(runs=runs, shelf=runs, **settings)))
        return apps[-1]

    yield make
    for app in apps:
        app.state.engine.close()


@asynccontextmanager
async def at_work(engine: Engine, entry: Entry) -> AsyncIterator[None]:
    """While something else runs."""
    began, go_on = threading.Event(), threading.Event()

    def work(_: object) -> None:
        began.set()
        assert go_on.wait(PATIENCE)

    working = asyncio.create_task(engine.run(entry, work))
    assert await asyncio.to_thread(began.wait, PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        await working


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.001)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """The calls of a function of `text_reading`."""
    calls, own = list[Any](), getattr(text_reading, name)

    def noting(*args: Any) -> Any:
        calls.append(args)
        return own(*args)

    monkeypatch.setattr(text_reading, name, noting)
    return calls


def test_a_full_queue_refuses_and_later_accepts(runs: Path, tiny: Entry) -> None:
    async def scenario() -> None:
        engine = Engine(Settings(runs=runs, max_queue=1))
        async with at_work(engine, tiny):
            with pytest.raises(Busy) as refused:
                await engine.run(tiny, lambda _: None)
            assert refused.value.seconds >= 1
        assert await engine.run(tiny, lambda loaded: loaded.net.config.layers) == 2
        engine.close()

    in_own_loop(scenario)


def test_whom_a_full_queue_refuses_is_told_when_to_come_again(
    service: Callable[..., FastAPI], tiny: Entry
) -> None:
    app = service(max_queue=1)
    engine: Engine = app.state.engine

    async def scenario() -> Visit:
        async with at_work(engine, tiny):
            return await Visit(app, ANALYSES, {"text": "a"}).answer()

    visit = in_own_loop(scenario)
    assert visit.status == 429 and int(visit.headers["retry-after"]) >= 1
    assert engine.figures()["refused"] == 1


def test_every_device_has_its_worker_and_its_models(runs: Path, tiny: Entry) -> None:
    async def scenario() -> None:
        engine = Engine(Settings(runs=runs), ["cpu", "cpu"])
        meeting = threading.Barrier(2)

        def meet(loaded: Any) -> Any:
            meeting.wait(PATIENCE)
            return loaded

        one, other = await asyncio.gather(*(engine.run(tiny, meet) for _ in range(2)))
        assert one.device is not other.device and one.net is not other.net
        for loaded in (one, other, one):
            again = await engine.run(tiny, lambda loaded: loaded, loaded.device)
            assert again.device is loaded.device and again.net is loaded.net
        engine.close()

    in_own_loop(scenario)


def test_what_waits_is_finished_before_the_engine_closes(runs: Path, tiny: Entry) -> None:
    async def scenario() -> None:
        engine = Engine(Settings(runs=runs))
        async with at_work(engine, tiny):
            waiting = asyncio.create_task(engine.run(tiny, lambda _: "done"))
            await until(lambda: engine.figures()["waiting"] == 1)
            closing = asyncio.create_task(asyncio.to_thread(engine.close))
        await closing
        assert await waiting == "done"

    in_own_loop(scenario)


def test_short_texts_that_wait_are_read_together(
    runs: Path, tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = counted(monkeypatch, "read_together")
    generator = torch.Generator().manual_seed(0)
    texts = [torch.randint(27, (count,), generator=generator) for count in (40, 1, 64, 65, 33)]

    def work(tokens: torch.Tensor, cuts: tuple[tuple[int, int, int], ...] = ()) -> TextReading:
        fields = frozenset(probe.FIELDS)
        return TextReading(tiny.spec.model, tokens, 0, fields, 5, cuts, changes=False)

    async def scenario() -> list[Any]:
        engine = Engine(Settings(runs=runs))
        async with at_work(engine, tiny):
            works = [*(work(text) for text in texts), work(texts[0], ((0, 1, 12),))]
            tasks = [asyncio.create_task(engine.run(tiny, one)) for one in works]
            await until(lambda: engine.figures()["waiting"] == len(works))
        readings = await asyncio.gather(*tasks)
        assert engine.figures()["batched"] == 4 and engine.figures()["done"] == 1 + len(works)
        engine.close()
        return [one.reading for one in readings]

    readings = in_own_loop(scenario)
    ((_, together, *_),) = passes
    assert [len(text) for text in together] == [40, 1, 64, 33], "65 is of another length"
    net = load(tiny.folder)
    for text, reading in zip(texts, readings, strict=False):
        alone = probe.read(net, text)
        for field in probe.FIELDS:
            torch.testing.assert_close(
                reading.fields[field], alone.fields[field], equal_nan=True, rtol=1e-4, atol=1e-5
            )
        torch.testing.assert_close(reading.bits, alone.bits, equal_nan=True, rtol=1e-5, atol=1e-5)
    assert not torch.equal(readings[-1].bits, readings[0].bits), "its heads are cut"


def test_those_who_ask_for_the_same_share_one_computation(
    service: Callable[..., FastAPI], tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, reads = service(), counted(monkeypatch, "read")
    engine: Engine = app.state.engine

    async def scenario() -> None:
        async with at_work(engine, tiny):
            visits = [Visit(app, ANALYSES, {"text": "the same"}) for _ in range(3)]
            tasks = [asyncio.create_task(visit.answer()) for visit in visits]
            await until(lambda: engine.figures()["shared"] == 2)
            await until(lambda: engine.figures()["waiting"] == 1)
            visits[0].gone.set()
            assert (await tasks[0]).status == 499
        one, other = await asyncio.gather(*tasks[1:])
        assert one.status == other.status == 200 and one.content == other.content

    in_own_loop(scenario)
    assert len(reads) == 1 and engine.figures()["cancelled"] == 0


def test_work_that_nobody_waits_for_any_more_leaves_the_queue(
    service: Callable[..., FastAPI], tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, reads = service(), counted(monkeypatch, "read")
    engine: Engine = app.state.engine

    async def scenario() -> None:
        async with at_work(engine, tiny):
            visits = [Visit(app, ANALYSES, {"text": "the same"}) for _ in range(2)]
            tasks = [asyncio.create_task(visit.answer()) for visit in visits]
            await until(lambda: engine.figures()["waiting"] == 1)
            for visit in visits:
                visit.gone.set()
            await asyncio.gather(*tasks)
            await until(lambda: engine.figures()["waiting"] == 0)

    in_own_loop(scenario)
    assert not reads and engine.figures()["cancelled"] == 1


def test_work_that_runs_for_nobody_ends_before_the_next_layer(
    service: Callable[..., FastAPI], tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = service()
    engine: Engine = app.state.engine
    began, go_on, ended = threading.Event(), threading.Event(), list[str]()

    def read(*args: Any) -> probe.Reading:
        began.set()
        assert go_on.wait(PATIENCE)
        try:
            return probe.read(*args)
        except Unwanted:
            ended.append("early")
            raise

    monkeypatch.setattr(text_reading, "read", read)

    async def scenario() -> None:
        visit = Visit(app, ANALYSES, {"text": "a long text " * 300})
        task = asyncio.create_task(visit.answer())
        assert await asyncio.to_thread(began.wait, PATIENCE)
        visit.gone.set()
        await task
        go_on.set()
        assert await engine.run(tiny, lambda _: "the next") == "the next"

    in_own_loop(scenario)
    assert ended == ["early"]
    assert engine.figures()["cancelled"] == 1 and engine.figures()["running"] == 0


def test_an_answer_that_takes_too_long_is_given_up_and_says_so(
    service: Callable[..., FastAPI], tiny: Entry
) -> None:
    app = service(max_seconds=0.01)
    engine: Engine = app.state.engine

    async def scenario() -> Visit:
        async with at_work(engine, tiny):
            visit = await Visit(app, ANALYSES, {"text": "a text"}).answer()
            await until(lambda: engine.figures()["waiting"] == 0)
            return visit

    visit = in_own_loop(scenario)
    assert visit.status == 503 and int(visit.headers["retry-after"]) >= 1
    assert visit.headers["content-type"] == "application/problem+json"
    assert b"Not answered within 0.01 s" in visit.content and b"shorter text" in visit.content
    assert engine.figures()["late"] == 1


def test_models_used_longest_ago_are_unloaded_and_the_one_in_use_stays(runs: Path) -> None:
    entries = {
        name: Catalogue([runs]).resolve(name)[0] for name in ("tiny@10", "tiny@20", "moving@10")
    }
    size = sum(x.nbytes for x in load(entries["tiny@10"].folder).parameters())

    async def used(most: int, *names: str) -> list[str]:
        engine = Engine(Settings(runs=runs, max_model_bytes=most))
        for name in names:
            await engine.run(entries[name], lambda _: None)
        figures, loaded = engine.figures(), engine.loaded
        assert figures["models"] == len(loaded)
        assert figures["model_bytes"] <= most or len(loaded) == 1
        engine.close()
        return [entry.id for entry in loaded]

    names = ("tiny@10", "tiny@20", "tiny@10", "moving@10")
    assert in_own_loop(lambda: used(3 * size, *names)) == ["tiny@10", "moving@10"]
    assert in_own_loop(lambda: used(1, *names)) == ["moving@10"]


def test_a_damaged_checkpoint_is_named_to_those_who_ask_for_it_alone(
    runs: Path, tmp_path: Path
) -> None:
    shutil.copytree(runs / "tiny", tmp_path / "tiny")
    weights = tmp_path / "tiny/checkpoints/step-00000020/model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        answer = analyse(client, TINY.replace("10", "20"), "a text")
        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("tiny@20: model.safetensors is damaged")
        assert str(tmp_path) not in answer.text
        assert analyse(client, TINY, "a text").status_code == 200


def test_an_answer_given_before_is_given_again(
    service: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, reads = service(), counted(monkeypatch, "read")
    client = TestClient(app)
    first, again = (analyse(client, TINY, "a text", likeliest=n) for n in (5, 5))
    assert again.content == first.content and len(reads) == 1
    analyse(client, TINY, "a text", likeliest=4)
    analyse(client, TINY.replace("10", "20"), "a text")
    assert len(reads) == 3
    body = {"text": "a text", "rows": [0, 2]}
    forms = [
        client.post(f"{TINY}/attention?format={form}", json=body) for form in ("json", "octets") * 2
    ]
    assert forms[0].content == forms[2].content != forms[1].content == forms[3].content
    assert forms[3].headers["spanscope-heads"] == forms[1].headers["spanscope-heads"]
    figures = app.state.engine.figures()
    assert (figures["result_hits"], figures["result_misses"]) == (3, 5)
    assert figures["result_bytes"] >= len(first.content)


def test_answers_kept_are_bounded_in_bytes() -> None:
    answers, made = Answers(100), list[str]()

    async def ask(name: str, size: int) -> None:
        async def make() -> Answer:
            made.append(name)
            return Answer(bytes(size))

        await answers.get(name, make)

    async def scenario() -> None:
        for name in ("a", "b", "c", "d", "a", "e"):
            await ask(name, 25)
        assert answers.figures()["result_bytes"] == 100
        await ask("large", 26)
        await ask("large", 26)
        await ask("a", 25)
        await ask("b", 25)

    in_own_loop(scenario)
    assert made == ["a", "b", "c", "d", "e", "large", "large", "b"]
