"""What the service refuses."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Limits(BaseModel):
    """The most of each that is answered at once."""

    characters: int = Field(description="of a text and its context together; more is answered 413")
    body_bytes: int = Field(description="of a request; 413")
    rows: int = Field(description="tokens that look back in one answer with attention; 413")
    weights: int = Field(description="numbers in an answer with attention; 413")
    continuation: int = Field(description="tokens that a model writes at once; 422")
    queue: int = Field(description="pieces of work that wait for the model or run; 429")
    runs: int = Field(description="runs that wait or train; 429")
    seconds: float = Field(description="that a request may take; 503")
