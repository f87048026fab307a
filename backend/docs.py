"""The API's documentation at /docs, which loads nothing from another host and runs no script but its own."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

from backend.http.headers import POLICY, policy

SWAGGER = "/static-offline-docs"
"""Where fastapi-offline puts Swagger UI."""
SCRIPT = re.compile("<script>(.*?)</script>", re.DOTALL)


def install(app: FastAPI) -> None:
    page = get_swagger_ui_html(
        title="Spanscope: the API",
        openapi_url="/openapi.json",
        swagger_js_url=f"{SWAGGER}/swagger-ui-bundle.js",
        swagger_css_url=f"{SWAGGER}/swagger-ui.css",
        swagger_favicon_url=f"{SWAGGER}/favicon.png",
    )
    html = bytes(page.body).decode()
    headers = {POLICY: policy(app.state.settings.frame_ancestors, *SCRIPT.findall(html))}

    async def docs() -> HTMLResponse:
        return HTMLResponse(html, headers=headers)

    app.add_api_route("/docs", docs, methods=["GET", "HEAD"], include_in_schema=False)
