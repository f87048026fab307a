"""Before a run: presets, corpora, and what a run would cost."""

from __future__ import annotations

import pandas as pd
from fastapi import APIRouter, HTTPException, Request, Response

from analysis.cost import BYTES_PER_NUMBER, flops, memory_bytes, parameters, training_bytes
from backend.machine import memory_of
from backend.representations import TABLE_RESPONSES, ChosenTableForm, represent
from backend.routes.runs import planned
from backend.schemas import plans as schemas
from backend.schemas.runs import RunRequest
from backend.settings import Settings
from model import corpora
from model.config import ConfigError, RunSpec
from model.pace import measured_pace
from model.presets import PRESETS

router = APIRouter(tags=["plans"])


def _sizes(spec: RunSpec) -> dict[str, object]:
    model = spec.model
    start = model.span_limit if model.variant == "fixed" else min(model.span_limit, model.ramp)
    return {
        "config": spec.to_dict(),
        "parameters": parameters(model),
        "flops_start": flops(model, start),
        "flops_limit": flops(model, model.span_limit),
    }


@router.get("/presets", response_model=schemas.Presets, responses=TABLE_RESPONSES)
def list_presets(form: ChosenTableForm) -> Response:
    """What can be trained by name, with all settings: json or csv (a column a setting)."""
    items = [{"name": name, "title": spec.title, **_sizes(spec)} for name, spec in PRESETS.items()]
    return represent(
        form, schemas.Presets.model_validate({"items": items}), pd.json_normalize(items)
    )


@router.get("/corpora")
def list_corpora(request: Request) -> schemas.Corpora:
    """What can be trained on."""
    data = request.app.state.settings.data
    items = [
        schemas.CorpusItem(name=name, description=text, ready=(data / name).is_dir())
        for name, text in corpora.DESCRIPTIONS.items()
    ]
    return schemas.Corpora(items=items)


@router.post("/estimates")
def estimate(request: Request, body: RunRequest) -> schemas.Estimate:
    """What a run would come to, without starting it, or what is wrong with it: 422 as POST /runs."""
    settings: Settings = request.app.state.settings
    spec = planned(settings, body)
    try:
        pace = measured_pace(spec, settings.torch_device)
    except ConfigError as error:
        raise HTTPException(422, str(error)) from None
    tokens = spec.training.steps * spec.training.tokens_a_step
    weights = BYTES_PER_NUMBER * parameters(spec.model)
    state, remembered = training_bytes(spec), memory_bytes(spec)
    return schemas.Estimate.model_validate(
        {
            **_sizes(spec),
            "memory": {
                "weights": weights,
                "optimizer": state - weights,
                "remembered": remembered,
                "total": state + remembered,
            },
            "machine_memory": memory_of(settings.torch_device),
            "tokens_total": tokens,
            "tokens_per_second": {"start": pace.start, "limit": pace.limit},
            "seconds": {"start": tokens / pace.start, "limit": tokens / pace.limit},
        }
    )
