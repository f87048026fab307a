"""What can be trained, and what it would cost."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Preset(BaseModel):
    name: str
    title: str
    config: dict[str, Any]
    parameters: int
    flops_start: float = Field(description="multiply-adds a token with every span at the ramp")
    flops_limit: float = Field(description="multiply-adds a token with every span at the limit")


class Presets(BaseModel):
    items: list[Preset]
    next: str | None = None


class CorpusItem(BaseModel):
    name: str
    description: str
    ready: bool = Field(description="prepared on this machine; else it is fetched first")


class Corpora(BaseModel):
    items: list[CorpusItem]
    next: str | None = None


class Memory(BaseModel):
    """Bytes; activations come on top."""

    weights: int
    optimizer: int = Field(description="gradients and what the optimizer keeps")
    remembered: int = Field(description="inputs of all layers, where spans reach the limit")
    total: int


class Extremes(BaseModel):
    """With every span at the ramp, as adaptive training starts, and with every span at the limit."""

    start: float
    limit: float


class Estimate(BaseModel):
    config: dict[str, Any]
    parameters: int
    flops_start: float
    flops_limit: float
    memory: Memory
    machine_memory: int
    tokens_total: int
    tokens_per_second: Extremes = Field(description="training, measured on this machine")
    seconds: Extremes = Field(description="for all steps")
