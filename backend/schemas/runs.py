"""Runs: what trained, trains and will train."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.schemas.arrays import TypedArray
from backend.schemas.trims import Budget
from model.alphabets import Unit
from model.config import Variant
from model.runs import Event, State

MOST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps as it is."""

Whole = Annotated[int, Field(ge=-MOST, le=MOST)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=200)]
Setting = bool | Whole | Number | Text | Annotated[list[Text], Field(max_length=256)]


class RunRequest(BaseModel):
    """A preset, and what differs from it; every setting is one of `config` in the answer."""

    model_config = ConfigDict(extra="forbid")

    preset: Annotated[str | None, Field(max_length=63, description="GET /presets lists them")] = (
        None
    )
    settings: Annotated[dict[str, Setting], Field(max_length=100)] = {}


class NewRun(RunRequest):
    name: Annotated[str, Field(max_length=63, description="a-z, 0-9 and -; it never changes")]
    title: Annotated[str | None, Field(max_length=200)] = None
    note: Annotated[str, Field(max_length=10_000)] = ""


class RunChanges(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str | None, Field(max_length=200)] = None
    note: Annotated[str | None, Field(max_length=10_000)] = None
    archived: Annotated[bool | None, Field(strict=True)] = None


class Trim(Budget):
    """A run that trims a checkpoint; what it does now, while it is at work."""

    parent: str = Field(description="the checkpoint that is trimmed")
    doing: str | None
    share: float | None = Field(description="of the work that is done")


class RunItem(BaseModel):
    name: str
    title: str
    note: str
    archived: bool
    state: State | Literal["unreadable"]
    detail: str = Field(description="why, where it failed, pauses or cannot be read")
    variant: Variant | None
    corpus: str | None
    unit: Unit | None
    step: int
    steps: int | None
    tokens: int = Field(description="read so far")
    tokens_total: int | None
    bpc: float | None = Field(description="of part of valid, at the last evaluation")
    mean_span: float | None = Field(description="tokens, mean over heads at the last evaluation")
    tokens_per_second: float | None = Field(description="while it trains")
    seconds_left: float | None
    seconds: float | None = Field(description="spent in steps")
    created: datetime | None
    checkpoints: list[str] = Field(description="ids, the newest first")
    imported: bool
    trim: Trim | None = Field(description="null for a run that trains")
    shelf: bool = Field(description="it ships, and is only read")


class RunDetail(RunItem):
    config: dict[str, Any] | None = Field(description="run.json")


class Runs(BaseModel):
    trainer: bool = Field(description="whether a background trainer looks after the runs")
    items: list[RunItem]
    next: str | None = None


class Curves(BaseModel):
    """What was measured at every evaluation; spans in tokens."""

    run: str
    steps: list[int]
    tokens: list[int | None]
    seconds: list[float | None] = Field(description="spent in steps")
    train_bpc: list[float | None]
    bpc: list[float | None] = Field(description="of part of valid")
    mean_span: list[float | None]
    mean_span_by_layer: TypedArray | None = Field(description="[evaluations, layers]")


class RunSpans(BaseModel):
    """Every head's z (tokens) at every evaluation: [evaluations, layers, heads].

    An imported run has no z and no tokens; it has what the original code logs of the spans (tokens).
    """

    run: str
    steps: list[int]
    tokens: list[int | None]
    bpc: list[float | None]
    z: TypedArray | None
    span_avg: list[float | None] = Field(
        description="of an imported run: mean over layers of ceil(mean z) + R"
    )
    span_max: list[float | None] = Field(
        description="of an imported run: the longest span of all heads"
    )


class Happened(BaseModel):
    time: datetime
    event: Event
    step: int | None
    detail: str


LOG_COLUMNS = list(Happened.model_fields)


class Log(BaseModel):
    items: list[Happened]
    next: str | None = None


class Evaluation(BaseModel):
    """A line of the curves, as it is sent when it is measured."""

    step: int
    tokens: int
    seconds: float | None = None
    train_bpc: float | None = None
    bpc: float | None
    z: list[list[float]]
