"""Health."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    status: Literal["ok", "ready", "waiting"]


class Readiness(Health):
    device: str
    dtype: str
    checkpoint: str | None
    detail: str
