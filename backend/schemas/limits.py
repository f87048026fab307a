"""What the service refuses."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Limits(BaseModel):
    """The most of each that is answered at once."""

    characters: int = Field(description="of a text and its context together")
    weights: int = Field(description="numbers in an answer with attention")
    continuation: int = Field(description="tokens that a model writes")
