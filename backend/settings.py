"""What can be set, by environment variables that start with SPANSCOPE_."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SHELF = Path(__file__).parent.parent / "model" / "shelf"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SPANSCOPE_")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65_535)
    runs: Path = Path("runs")
    shelf: Path = SHELF
    data: Path = Path("data")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["float32", "bfloat16"] = "float32"
    max_characters: int = Field(20_000, ge=1, description="of a text and its context together")
    max_weights: int = Field(
        8_388_608, ge=1, description="numbers that an answer with attention may hold"
    )
    max_continuation: int = Field(1_000, ge=1, description="tokens that a model may write at once")
    max_prefix_bytes: int = Field(
        268_435_456, ge=0, description="kept of texts read before, to answer as one types"
    )
    max_queue: int = Field(
        16, ge=1, description="analyses that wait or run before the answer is 429"
    )
    max_models: int = Field(4, ge=1, description="checkpoints kept in memory")

    @property
    def torch_device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.device

    @property
    def torch_dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.dtype == "bfloat16" else torch.float32
