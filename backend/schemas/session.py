"""Sessions of the page."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class Session(BaseModel):
    needed: bool = Field(description="whether the service asks for its token")
    open: bool = Field(description="whether this request would be let in")
    read_only: bool = Field(description="whether runs are only looked at here")


class NewSession(BaseModel):
    token: SecretStr = Field(description="the service's", examples=["the service's own token"])
