"""Bands of attention weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.schemas.arrays import TypedArray
from backend.schemas.texts import Cuts, TextRequest
from model.alphabets import Unit

LARGEST_POOL = 64
Pool = Annotated[int, Field(ge=1, le=LARGEST_POOL, strict=True)]
Row = Annotated[int, Field(ge=0, strict=True)]
BandForm = Literal["exact", "display"]


class HeadName(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    layer: int = Field(ge=0, description="from 0, at the bottom")
    head: int = Field(ge=0)


class AttentionRequest(TextRequest):
    heads: Annotated[list[HeadName], Field(min_length=1, max_length=1024)] | None = Field(
        None, description="each once at most; without them, all, layer after layer"
    )
    rows: tuple[Row, Row] | None = Field(
        None,
        description="[start, stop): numbers of the tokens of the text that look back; without it, all",
    )
    form: BandForm = Field(
        "exact",
        description="the weights themselves (f4), or a picture (u1): on a log scale, the largest of each pool",
    )
    pool: Pool | tuple[Pool, Pool] = Field(
        1,
        description="of a picture: rows, and distances, that become one; of each as many, or `[rows, distances]`",
    )
    spans: Cuts = Field(default_factory=list)

    @property
    def pools(self) -> tuple[int, int]:
        return (self.pool, self.pool) if isinstance(self.pool, int) else self.pool


class Scale(BaseModel):
    """How a picture's codes stand for weights."""

    floor: float = Field(description="the smallest weight shown; those below it have code 0")
    weight: str = Field(description="of a code above 0; right to within 1.9%")


class HeadBand(BaseModel):
    """What some rows of one head attend to."""

    layer: int
    head: int
    width: int = Field(description="tokens: the longest span of this head in these rows")
    weights: TypedArray = Field(
        description="[rows, width]: column j is distance j + 1, and a row sums to 1; of a picture both are divided by "
        "their pool, rounded up, and column j is distances j * pool + 1 to (j + 1) * pool"
    )
    outside: TypedArray = Field(
        description="[rows], never pooled: the share of the weights that falls before context and text began"
    )


class Attention(BaseModel):
    checkpoint: str
    unit: Unit
    rows: tuple[int, int]
    form: BandForm
    pool: int | tuple[int, int]
    scale: Scale | None = Field(description="of a picture")
    bands: list[HeadBand]
    model_seconds: float = Field(description="of an answer given before, what it took then")
