"""The page's session, so that what cannot send a token is let in too: event streams and downloads."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from backend.http.credentials import COOKIE, SESSION_SECONDS, credential_of, is_token, new_session
from backend.schemas import session as schemas
from backend.settings import Settings

router = APIRouter(tags=["operation"])


def _token(request: Request) -> str:
    """Empty where none is asked for."""
    settings: Settings = request.app.state.settings
    return settings.token.get_secret_value() if settings.token else ""


@router.get("/session")
def get_session(request: Request, response: Response) -> schemas.Session:
    """Whether a token is asked for, and whether this request has it; answered to everybody."""
    token = _token(request)
    response.headers["Cache-Control"] = "no-store"
    return schemas.Session(
        needed=bool(token),
        open=not token or credential_of(request, token) is not None,
        read_only=request.app.state.settings.read_only,
    )


@router.post("/session", status_code=204)
def begin_session(request: Request, response: Response, body: schemas.NewSession) -> None:
    """Exchange the token for a cookie of 30 days, which scripts cannot read."""
    token = _token(request)
    if not token:
        return
    if not is_token(body.token.get_secret_value(), token):
        raise HTTPException(401, "this is not the service's token", {"WWW-Authenticate": "Bearer"})
    response.set_cookie(
        COOKIE,
        new_session(token),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.delete("/session", status_code=204)
def end_session(response: Response) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
