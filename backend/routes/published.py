"""Published results, to be shown beside ours."""

from __future__ import annotations

from fastapi import APIRouter, Response

from analysis.published import RESULTS, published_table
from backend.representations import TABLE_RESPONSES, ChosenTableForm, represent
from backend.schemas import published as schemas

router = APIRouter(tags=["published"])


@router.get("/published", response_model=schemas.Published, responses=TABLE_RESPONSES)
def get_published(form: ChosenTableForm) -> Response:
    """Spans, cost and bits per character of published models: json or csv; null where nothing is printed."""
    items = [schemas.PublishedResult.model_validate(result) for result in RESULTS]
    return represent(form, schemas.Published(items=items), published_table())
