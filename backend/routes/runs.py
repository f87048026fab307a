"""Runs: started, watched, stopped, resumed, described, deleted. What trains them is another process."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from analysis.curves import curves_figure, curves_table, growth_table
from backend.catalogue import UnknownCheckpoint
from backend.machine import require_memory
from backend.pages import Cursor, Limit, Pages, tell_next
from backend.problems import may_answer
from backend.representations import (
    RESPONSES,
    TABLE_RESPONSES,
    ChosenForm,
    ChosenTableForm,
    represent,
)
from backend.routes.checkpoints import catalogue_of
from backend.run_items import metrics_of, run_detail, run_item
from backend.schemas import runs as schemas
from backend.schemas.arrays import TypedArray
from backend.settings import Settings
from model.background import is_present
from model.config import ConfigError, RunSpec
from model.files import remove_folder
from model.presets import spec_of
from model.runs import NAME, Run, RunError, State

router = APIRouter(tags=["runs"])
RUNS, LINES = Pages(tuple[str]), Pages(tuple[int])
AT_WORK = ("queued", "training", "paused", "stopping", "interrupted")
LOOK_AGAIN_SECONDS = 60


def chosen_run(
    request: Request, run: Annotated[str, Path(description="its name, as GET /runs lists it")]
) -> Run:
    """Raises 404."""
    try:
        return catalogue_of(request).run(run)
    except UnknownCheckpoint:
        detail = f"there is no run {run!r}; GET /api/v1/runs lists them"
        raise HTTPException(404, detail) from None


ChosenRun = Annotated[Run, Depends(chosen_run)]


def own_run(request: Request, run: ChosenRun) -> Run:
    """A run that may be changed. Raises 409 for one that ships."""
    if on_shelf(request, run):
        raise HTTPException(409, f"run {run.name} is on the shelf, which is only read")
    return run


OwnRun = Annotated[Run, Depends(own_run)]


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def on_shelf(request: Request, run: Run) -> bool:
    return run.folder.parent == _settings(request).shelf


def planned(settings: Settings, body: schemas.RunRequest) -> RunSpec:
    """What a request asks for. Raises 422 with the field and its bound where that cannot be trained here."""
    try:
        spec = spec_of(body.preset, body.settings)
        require_memory(spec, settings.torch_device)
    except ConfigError as error:
        raise HTTPException(422, str(error)) from None
    return spec


def require_place(request: Request) -> None:
    """Raises 429 where as many runs wait or train as may."""
    most = _settings(request).max_runs
    states = (_state(run) for run in catalogue_of(request).runs() if not on_shelf(request, run))
    if sum(state in AT_WORK for state in states) >= most:
        detail = (
            f"{most} runs wait or train, and no more may: stop one, or wait until one has ended"
        )
        raise HTTPException(429, detail, {"Retry-After": str(LOOK_AGAIN_SECONDS)})


def _state(run: Run) -> State | None:
    try:
        return run.state()[0]
    except RunError:
        return None


@router.get("/runs", response_model=schemas.Runs, responses=TABLE_RESPONSES)
def list_runs(
    request: Request, form: ChosenTableForm, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Every run of the runs folder and the shelf, by name: its state, and how far it is; json or csv."""
    every = catalogue_of(request).runs()
    runs, next = RUNS.of(every, lambda run: (run.name,), limit, cursor)
    items = [run_item(run, shelf=on_shelf(request, run)) for run in runs]
    answer = schemas.Runs(trainer=is_present(_settings(request).runs), items=items, next=next)
    columns = [name for name in schemas.RunItem.model_fields if name != "checkpoints"]
    table = pd.DataFrame([item.model_dump() for item in items], columns=columns)
    return tell_next(request, represent(form, answer, table), next)


@router.post("/runs", status_code=201, responses=may_answer(409, 429))
def start_run(request: Request, response: Response, body: schemas.NewRun) -> schemas.RunDetail:
    """Put a run in the queue of the background trainer, once all of it is checked."""
    settings = _settings(request)
    if not NAME.fullmatch(body.name):
        detail = "name: up to 63 of a-z, 0-9 and -, not starting with -"
        raise HTTPException(422, detail)
    spec = planned(settings, body)
    if any(run.name == body.name for run in catalogue_of(request).runs()):
        raise HTTPException(409, f"a run named {body.name} exists: choose another name")
    require_place(request)
    try:
        run = Run.create(settings.runs, body.name, spec, queued=True)
    except RunError as error:
        raise HTTPException(409, str(error)) from None
    run.describe(title=body.title or spec.title or body.name, note=body.note)
    response.headers["Location"] = f"/api/v1/runs/{run.name}"
    return run_detail(run, shelf=False)


@router.get("/runs/{run}")
def get_run(request: Request, run: ChosenRun) -> schemas.RunDetail:
    """One run, with all that it was asked for."""
    return run_detail(run, shelf=on_shelf(request, run))


@router.patch("/runs/{run}")
def change_run(run: OwnRun, body: schemas.RunChanges) -> schemas.RunDetail:
    """Change its title, its note, or whether it is archived; the name and the spec never change."""
    run.describe(**body.model_dump(exclude_unset=True, exclude_none=True))
    return run_detail(run, shelf=False)


@router.delete("/runs/{run}", status_code=204)
def delete_run(
    run: OwnRun, name: Annotated[str, Query(description="the run's name once more, to be sure")]
) -> None:
    """Remove a run with all its checkpoints."""
    if name != run.name:
        raise HTTPException(422, f"name: to delete this run, repeat its name, {run.name}")
    with run.lock():
        remove_folder(run.folder)


@router.post("/runs/{run}/stop", status_code=202)
def stop_run(run: OwnRun) -> schemas.RunDetail:
    """Ask that it rests: a run that trains saves first."""
    state, _ = run.state()
    if state in ("stopped", "failed", "ended"):
        raise HTTPException(409, f"run {run.name} does not train: it is {state}")
    if state != "stopping":
        run.tell("stop")
    return run_detail(run, shelf=False)


@router.post("/runs/{run}/resume", status_code=202, responses=may_answer(429))
def resume_run(request: Request, run: OwnRun) -> schemas.RunDetail:
    """Put it in the queue again; it goes on from its newest checkpoint."""
    state, _ = run.state()
    if state in ("ended", "training", "paused") or run.spec.imported:
        raise HTTPException(409, f"run {run.name} cannot be resumed: it is {state}")
    if state not in AT_WORK:
        require_place(request)
    if state != "queued":
        run.tell("queued")
    return run_detail(run, shelf=False)


@router.get("/runs/{run}/metrics", response_model=schemas.Curves, responses=RESPONSES)
def get_metrics(run: ChosenRun, form: ChosenForm) -> Response:
    """The curves: bpc and mean spans at every evaluation, as json, csv or figure."""
    model = run.spec.model
    table = curves_table(metrics_of(run), model)
    plain = table.astype(object).where(table.notna(), None)
    layers = table.filter(regex=r"^span L\d+$").to_numpy()
    spans = None if table["mean_span"].isna().any() else TypedArray.of(layers)
    curves = {k: plain[k].tolist() for k in ("tokens", "seconds", "train_bpc", "bpc", "mean_span")}
    answer = schemas.Curves.model_validate(
        {
            **curves,
            "run": run.name,
            "steps": plain["step"].tolist(),
            "mean_span_by_layer": spans,
        }
    )
    return represent(form, answer, table, lambda: curves_figure(table, model))


@router.get(
    "/runs/{run}/spans",
    response_model=schemas.RunSpans,
    responses=TABLE_RESPONSES,
)
def get_run_spans(run: ChosenRun, form: ChosenTableForm) -> Response:
    """How the lengths grew: z of every head at every evaluation of a run's training, or what an imported run has.

    json, or csv: a row an evaluation, a column a head.
    """
    metrics, layers, heads = metrics_of(run), run.spec.model.layers, run.spec.model.heads
    curves = {
        name: [line.get(name) for line in metrics]
        for name in ("tokens", "bpc", "z", "span_avg", "span_max")
    }
    z = None if None in curves["z"] else np.array(curves["z"]).reshape(-1, layers, heads)
    steps = [line["step"] for line in metrics]
    answer = schemas.RunSpans.model_validate(
        {**curves, "run": run.name, "steps": steps, "z": None if z is None else TypedArray.of(z)}
    )
    return represent(form, answer, growth_table(metrics, run.spec.model))


@router.get("/runs/{run}/log", response_model=schemas.Log, responses=TABLE_RESPONSES)
def get_log(
    request: Request,
    run: ChosenRun,
    form: ChosenTableForm,
    limit: Limit = 1000,
    cursor: Cursor = None,
) -> Response:
    """What happened to it, in order: json or csv."""
    numbered = list(enumerate(run.log()))
    lines, next = LINES.of(numbered, lambda line: (line[0],), limit, cursor)
    answer = schemas.Log.model_validate({"items": [line for _, line in lines], "next": next})
    table = pd.DataFrame([line.model_dump() for line in answer.items], columns=schemas.LOG_COLUMNS)
    return tell_next(request, represent(form, answer, table), next)
