"""Surveys: what every head does in whole texts, and where to see it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Path as InPath

from analysis.survey import Survey, passages, surveys_of
from analysis.survey.figures import kinds_figure
from backend.catalogue import Entry
from backend.representations import (
    RESPONSES,
    TABLE_RESPONSES,
    ChosenForm,
    ChosenTableForm,
    Form,
    TableForm,
    represent,
    unchanging,
)
from backend.routes.checkpoints import ChosenCheckpoint
from backend.routes.heads import no_such_head
from backend.schemas import surveys as schemas

router = APIRouter(tags=["surveys"])
MOST_SHOWN = 100
"""Characters of a name that nothing has."""
KEYS, BEFORE, AFTER = 8, 16, 24
"""An excerpt has so many keys, and its text so many characters before the first of them and after the token that looks."""
MEDIAN = 0.5
DIGITS = 6

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Chosen:
    entry: Entry
    survey: Survey
    data: Path
    digest: str
    """Of all that is said about it: tells it from another one that took its place."""
    corpus_here: bool

    @property
    def what(self) -> Hashable:
        """All that its answers depend on."""
        return self.entry, self.survey.folder.name, self.digest, self.corpus_here


def chosen_survey(
    request: Request,
    entry: ChosenCheckpoint,
    name: Annotated[str, InPath(description="as the list of surveys has it")],
) -> Chosen:
    """Raises 404."""
    surveys = {survey.folder.name: survey for survey in _surveys(entry)}
    survey = surveys.get(name)
    if survey is None:
        there_are = ", ".join(surveys) or "none"
        detail = f"there is no survey {name[:MOST_SHOWN]!r} of {entry.id}; there are: {there_are}"
        raise HTTPException(404, detail)
    data: Path = request.app.state.settings.data
    corpus = survey.about["corpus"]
    digest = hashlib.sha256(json.dumps(survey.about).encode()).hexdigest()
    return Chosen(entry, survey, data, digest, corpus is None or (data / corpus).is_dir())


ChosenSurvey = Annotated[Chosen, Depends(chosen_survey)]


@router.get("/checkpoints/{id}/surveys")
def list_surveys(entry: ChosenCheckpoint) -> schemas.Surveys:
    """The whole texts that were read with a checkpoint, to see what its heads do there."""
    items = [schemas.Survey.model_validate(_item(survey)) for survey in _surveys(entry)]
    missing = (
        f"No texts were surveyed with this checkpoint; `spanscope survey {entry.id} classics`, "
        "or text files in the place of classics, makes a survey."
    )
    return schemas.Surveys(checkpoint=entry.id, items=items, detail=None if items else missing)


@router.get(
    "/checkpoints/{id}/surveys/{name}", response_model=schemas.Gallery, responses=TABLE_RESPONSES
)
async def get_survey(request: Request, chosen: ChosenSurvey, form: ChosenTableForm) -> Response:
    """All heads in one survey: how far they look, from what, and two excerpts each; json, or csv (a row a head)."""
    made = partial(_gallery, chosen, form)
    return await unchanging(request, form, (chosen.what, "gallery"), made)


@router.get(
    "/checkpoints/{id}/surveys/{name}/heads/{layer}/{head}",
    response_model=schemas.HeadSurvey,
    responses=RESPONSES,
)
async def get_surveyed_head(
    request: Request,
    chosen: ChosenSurvey,
    form: ChosenForm,
    layer: Annotated[int, InPath(description="from 0, at the bottom")],
    head: Annotated[int, InPath(description="from 0")],
) -> Response:
    """One head in a survey, with all its passages: json, csv (a row a group of tokens), or a figure by kind of character."""
    made = partial(_head, chosen, form, layer, head)
    return await unchanging(request, form, (chosen.what, layer, head), made)


def _surveys(entry: Entry) -> list[Survey]:
    return surveys_of(entry.run.folder, entry.step)


def _gallery(chosen: Chosen, form: TableForm) -> Response:
    """Raises SurveyError."""
    survey, shown = chosen.survey, _passages(chosen)
    groups = survey.groups.groupby(["layer", "head"], sort=False)
    mass = survey.mass[survey.mass["grouping"] == "all"].groupby(["layer", "head"])
    excerpts = _of_most_and_median(shown).groupby(["layer", "head"])
    heads = []
    for row in _records(survey.heads):
        place = row["layer"], row["head"]
        of_groups = groups.get_group(place).round(DIGITS)
        heads.append(
            {
                **row,
                "mass": mass.get_group(place)["mass"].round(DIGITS).tolist(),
                "group_use": of_groups["use"].tolist(),
                "group_distance": of_groups["mean_distance"].tolist(),
                "group_entropy": of_groups["entropy"].tolist(),
                "excerpts": [_excerpt(own) for own in _records(excerpts.get_group(place))],
            }
        )
    first = groups.get_group((0, 0))[["grouping", "group", "tokens"]]
    about = {**_about(chosen, shown), "groups": _records(first), "heads": heads}
    return represent(form, schemas.Gallery.model_validate(about), survey.heads)


def _of_most_and_median(shown: pd.DataFrame) -> pd.DataFrame:
    """Two passages a head: of a head that does the same everywhere there may be none right at the median."""
    away = (shown["quantile"] - MEDIAN).abs().sort_values(kind="stable")
    return shown.loc[away.index].drop_duplicates(["layer", "head", "reason"]).sort_values("reason")


def _head(chosen: Chosen, form: Form, layer: int, head: int) -> Response:
    """Raises 404, SurveyError."""
    survey = chosen.survey
    found = _of(survey.heads, layer, head)
    if found.empty:
        raise no_such_head(chosen.entry, layer, head)
    groups, mass = _of(survey.groups, layer, head), _of(survey.mass, layer, head)
    by_group = mass.groupby(["grouping", "group"])["mass"]
    shown = _passages(chosen)
    about = {
        **_about(chosen, shown),
        **_records(found)[0],
        "groups": [
            {
                **row,
                "mass": by_group.get_group((row["grouping"], row["group"])).round(DIGITS).tolist(),
            }
            for row in _records(groups)
        ],
        "passages": [_passage(row) for row in _records(_of(shown, layer, head))],
    }
    answer = schemas.HeadSurvey.model_validate(about)
    return represent(form, answer, groups, lambda: kinds_figure(mass, survey.about["unit"]))


def _of(table: pd.DataFrame, layer: int, head: int) -> pd.DataFrame:
    return table[(table["layer"] == layer) & (table["head"] == head)]


def _passages(chosen: Chosen) -> pd.DataFrame:
    """With their texts. Raises SurveyError."""
    return _kept_passages(chosen.survey.folder, chosen.data, chosen.digest, chosen.corpus_here)


@lru_cache(maxsize=4)
def _kept_passages(folder: Path, data: Path, digest: str, corpus_here: bool) -> pd.DataFrame:
    """A corpus is held against its digests each time that texts are read of it."""
    return passages(folder, data)


def _about(chosen: Chosen, shown: pd.DataFrame) -> dict[str, Any]:
    about = chosen.survey.about
    names = ("variant", "unit", "span_limit", "ramp", "edges")
    missing = next(iter(shown["text_missing"]), "") or None
    return {
        **_item(chosen.survey),
        **{name: about[name] for name in names},
        "checkpoint": chosen.entry.id,
        "text_missing": missing,
    }


def _item(survey: Survey) -> dict[str, Any]:
    names = ("corpus", "sources", "tokens", "created")
    return {"name": survey.folder.name, **{name: survey.about[name] for name in names}}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows, rounded, None for what is not there."""
    rounded = table.round(DIGITS).astype(object)
    return [
        {str(name): value for name, value in row.items()}
        for row in rounded.where(rounded.notna(), None).to_dict("records")
    ]


def _passage(row: Record) -> dict[str, Any]:
    read = zip(row["key_distances"], row["key_weights"], row["text_keys"], strict=True)
    keys = [
        {"distance": distance, "weight": round(float(weight), DIGITS), "at": None if at < 0 else at}
        for distance, weight, at in read
    ]
    return {**row, "keys": keys}


def _excerpt(row: Record) -> dict[str, Any]:
    """A passage with the keys read most, its text from the first of these on."""
    passage = _passage(row)
    keys, text, at = passage["keys"][:KEYS], passage["text"], passage["text_at"]
    begins = max(0, min([at, *(key["at"] for key in keys if key["at"] is not None)]) - BEFORE)
    moved = [{**key, "at": None if key["at"] is None else key["at"] - begins} for key in keys]
    return {
        **passage,
        "keys": moved,
        "text": text and text[begins : at + 1 + AFTER],
        "text_at": at - begins,
    }
