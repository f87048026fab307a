"""How short can spans be before it hurts: what heads need, the path of a trim, and trims to be made."""

from __future__ import annotations

from itertools import chain, count

from fastapi import APIRouter, HTTPException, Request, Response

from analysis.needs import needed_spans, needs_figure, needs_table, path_figure, path_table, tried
from backend.problems import may_answer
from backend.representations import RESPONSES, ChosenForm, represent, unchanging
from backend.routes.checkpoints import ChosenCheckpoint, catalogue_of, table_of
from backend.routes.runs import require_place
from backend.run_items import run_detail
from backend.schemas import trims as schemas
from backend.schemas.runs import RunDetail
from backend.trims import measured_needs, path_of
from model import corpora
from model.config import Budget, ConfigError, alphabet_of
from model.runs import NAME, Run, RunError
from model.trim import trimmed_spec

router = APIRouter(tags=["trims"])


@router.get("/checkpoints/{id}/needs", response_model=schemas.Needs, responses=RESPONSES)
def get_needs(request: Request, entry: ChosenCheckpoint, form: ChosenForm) -> Response:
    """What each head loses where it alone is cut, at several spans, on held-out text: json, csv, or a figure.

    A trim measures this first; it grows while one is at work.
    """
    measured = measured_needs(entry, request.app.state.settings.runs)
    spans, losses = table_of(entry), measured.losses
    needed, of_head = needed_spans(spans, losses), tried(losses)
    heads = [
        {
            **row,
            "needs": needed.get((row["layer"], row["head"])),
            "tried": [
                {"span": loss.cuts[0][2], "bits": loss.bits, "error": loss.error}
                for loss in of_head.get((row["layer"], row["head"]), [])
            ],
        }
        for row in spans[["layer", "head", "span"]].to_dict("records")
    ]
    missing = None
    if not all(head["tried"] for head in heads):
        missing = f"`spanscope trim {entry.id} --keep-bpc 0.01` measures this, or POST /api/v1/checkpoints/{entry.id}/trims."
    answer = schemas.Needs.model_validate(
        {
            "checkpoint": entry.id,
            "unit": entry.spec.model.unit,
            "tokens": measured.tokens,
            "heads": heads,
            "detail": missing,
        }
    )
    table = needs_table(losses)
    return represent(form, answer, table, lambda: needs_figure(table, entry.spec.model))


@router.get(
    "/checkpoints/{id}/path",
    response_model=schemas.TrimPath,
    responses={**RESPONSES, **may_answer(404)},
)
async def get_path(request: Request, entry: ChosenCheckpoint, form: ChosenForm) -> Response:
    """How a trimmed checkpoint came to be: bits against cost as spans become ever shorter; json, csv, or a figure."""
    if not entry.spec.parent:
        raise HTTPException(404, f"{entry.id} was not trimmed, so it has no path")

    def made() -> Response:
        path = path_of(entry)
        table = path_table(path, entry.spec.model)
        points = zip(table.to_dict("records"), path["points"], strict=True)
        answer = schemas.TrimPath.model_validate(
            {
                "checkpoint": entry.id,
                "parent": entry.spec.parent,
                "tokens": path["sample"]["tokens"],
                "points": [{**row, "spans": point["spans"]} for row, point in points],
            }
        )
        return represent(form, answer, table, lambda: path_figure(table))

    return await unchanging(request, form, (entry, "path"), made)


@router.post("/checkpoints/{id}/trims", status_code=201, responses=may_answer(429))
def start_trim(
    request: Request, response: Response, entry: ChosenCheckpoint, body: schemas.NewTrim
) -> RunDetail:
    """Put a run in the queue of the background trainer that trims this checkpoint as far as a budget allows."""
    catalogue, runs = catalogue_of(request), request.app.state.settings.runs
    alphabet_of(entry.spec.model)
    if entry.spec.corpus not in corpora.NAMES:
        raise HTTPException(409, f"no corpus is known that {entry.id} was trained on")
    if body.name is not None and not NAME.fullmatch(body.name):
        raise HTTPException(422, "name: up to 63 of a-z, 0-9 and -, not starting with -")
    try:
        spec = trimmed_spec(entry.folder, Budget(body.kind, body.most))
    except ConfigError as error:
        raise HTTPException(422, str(error)) from None
    taken = {run.name for run in catalogue.runs()}
    name = body.name or _free_name(entry.run.name, taken)
    if name in taken:
        raise HTTPException(409, f"a run named {name} exists: choose another name")
    require_place(request)
    try:
        run = Run.create(runs, name, spec, queued=True)
    except RunError as error:
        raise HTTPException(409, str(error)) from None
    response.headers["Location"] = f"/api/v1/runs/{name}"
    return run_detail(run, shelf=False)


def _free_name(parent: str, taken: set[str]) -> str:
    """`parent-trimmed`, or the first with a number behind it that nobody has."""
    endings = chain(["-trimmed"], (f"-trimmed-{number}" for number in count(2)))
    names = (parent[: 63 - len(ending)] + ending for ending in endings)
    return next(name for name in names if name not in taken)
