"""The page: its HTML at each view's path, its modules and plotly.js under addresses that never change content."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import brotli
from fastapi import FastAPI, Header, Response
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.http.negotiation import chosen_coding
from backend.modules import preloads

FRONTEND = Path(__file__).parent.parent / "frontend"
VIEWS = ("/", *(f"/{module.stem}" for module in sorted((FRONTEND / "views").glob("*.js"))))
FIRST_VIEW = "spans"
STATIC, ASSETS = "/static", "/assets"
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def plotly_js(encoding: str) -> bytes:
    """plotly.js out of the plotly package, as it is or compressed once."""
    script = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    if encoding == "br":
        compressed: bytes = brotli.compress(script, quality=9)
        return compressed
    return gzip.compress(script, 6) if encoding == "gzip" else script


def content_version(folder: Path) -> str:
    """A short digest of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class ImmutableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers.update(IMMUTABLE)
        return response


def install(app: FastAPI) -> None:
    static = f"{STATIC}/{content_version(FRONTEND)}"
    plotly = f"{ASSETS}/plotly-{version('plotly')}.min.js"
    index = (FRONTEND / "index.html").read_text(encoding="utf-8")

    def page_of(view: str) -> Callable[[], Awaitable[HTMLResponse]]:
        html = index
        for name, value in {
            "preloads": preloads(FRONTEND, static, "app.js", f"views/{view}.js"),
            "static": static,
            "plotly": plotly,
            "version": version("spanscope"),
        }.items():
            html = html.replace("{{" + name + "}}", value)

        async def page() -> HTMLResponse:
            return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

        return page

    def script(accept_encoding: Annotated[str, Header()] = "") -> Response:
        encoding = chosen_coding(accept_encoding) or "identity"
        coded = {} if encoding == "identity" else {"Content-Encoding": encoding}
        headers = {**IMMUTABLE, **coded, "Vary": "Accept-Encoding"}
        return Response(plotly_js(encoding), media_type="text/javascript", headers=headers)

    for view in VIEWS:
        page = page_of(view.strip("/") or FIRST_VIEW)
        app.add_api_route(view, page, methods=["GET"], include_in_schema=False)
    app.add_api_route(plotly, script, methods=["GET"], include_in_schema=False)
    app.mount(static, ImmutableFiles(directory=FRONTEND))
