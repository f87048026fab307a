"""Long lists, page by page: a cursor names the last item given, so what comes and goes meanwhile shifts nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import HTTPException, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
P = TypeVar("P", bound=tuple[str | int, ...])

Limit = Annotated[int, Query(ge=1, le=1000, description="items in one answer, at most")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="`next` of the answer that came before")
]


class Pages(Generic[P]):
    """A list that is sorted by the places of its items."""

    def __init__(self, places: type[P]) -> None:
        self._places = TypeAdapter(places)

    def of(
        self, items: Sequence[T], place: Callable[[T], P], limit: int, cursor: str | None
    ) -> tuple[Sequence[T], str | None]:
        """The items after a cursor, and the cursor to go on from, where there are more. Raises 422 for a broken one."""
        first = 0
        if cursor is not None:
            first = bisect_right(items, self._place(cursor), key=place)
        page, more = items[first : first + limit], len(items) > first + limit
        return page, _cursor(place(page[-1])) if more else None

    def _place(self, cursor: str) -> P:
        try:
            return self._places.validate_json(urlsafe_b64decode(cursor), strict=True)
        except (ValidationError, ValueError):
            detail = "query.cursor: it must be `next` of an answer of this list, as it is"
            raise HTTPException(422, detail) from None


def _cursor(place: tuple[str | int, ...]) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).decode()


def tell_next(request: Request, response: Response, next: str | None) -> Response:
    """Where a list goes on, for those who read no JSON (RFC 8288)."""
    if next is not None:
        query = urlencode({**request.query_params, "cursor": next})
        response.headers["Link"] = f'<?{query}>; rel="next"'
    return response
