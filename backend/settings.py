"""What can be set: by environment variables that start with SPANSCOPE_, or by spanscope.toml where the service starts."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

SHELF = Path(__file__).parent.parent / "model" / "shelf"
PREFIX = "SPANSCOPE_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""Names another file than spanscope.toml."""
MIB = 1_048_576


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="0 takes a free one")
    runs: Path = Field(Path("runs"), description="the folder of runs, read and written")
    shelf: Path = Field(SHELF, description="runs that ship, only read")
    data: Path = Field(Path("data"), description="where corpora are kept")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: a GPU, if there is one"
    )
    dtype: Literal["float32", "bfloat16"] = Field("float32", description="of the model's numbers")

    token: SecretStr | None = Field(
        None, min_length=16, description="what clients must show; needed beyond this machine"
    )
    without_token: bool = Field(
        False, description="listen beyond this machine although anybody may then use the service"
    )
    read_only: bool = Field(False, description="refuse what starts, changes or deletes runs")
    hosts: Annotated[list[str], NoDecode] = Field(
        [],
        description="names the service is reached by, beside those of its own address; "
        "in the environment with commas between them",
    )
    frame_ancestors: str = Field(
        "'none'", description="who may embed the page, as in a Content-Security-Policy"
    )

    max_body_bytes: int = Field(MIB, ge=1, description="of a request")
    max_characters: int = Field(20_000, ge=1, description="of a text and its context together")
    max_rows: int = Field(
        8_192, ge=1, description="tokens that look back in one answer with attention"
    )
    max_weights: int = Field(
        8_388_608, ge=1, description="numbers that an answer with attention may hold"
    )
    max_continuation: int = Field(1_000, ge=1, description="tokens that a model may write at once")
    max_queue: int = Field(
        16, ge=1, description="pieces of work that wait or run before the answer is 429"
    )
    max_runs: int = Field(16, ge=1, description="runs that wait or train before the answer is 429")
    max_seconds: float = Field(60.0, gt=0, description="that a request may take")

    max_prefix_bytes: int = Field(
        128 * MIB, ge=0, description="kept of texts read before, to answer as one types"
    )
    max_result_bytes: int = Field(32 * MIB, ge=0, description="kept of answers given before")
    max_model_bytes: int = Field(
        1024 * MIB, ge=1, description="of checkpoints kept in memory; the one in use stays"
    )

    header_seconds: float = Field(10.0, gt=0, description="within which a request's head must come")
    body_seconds: float = Field(30.0, gt=0, description="within which its body must come")
    idle_seconds: float = Field(
        15.0, gt=0, description="that a connection is kept without a request"
    )
    grace_seconds: float = Field(
        30.0, ge=0, description="for requests under way when the service is told to end"
    )

    log_format: Literal["text", "json"] = Field("text", description="of the log, line by line")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="from which on it is logged; info: every request"
    )

    @field_validator("hosts", mode="before")
    @classmethod
    def _with_commas(cls, value: Any) -> Any:
        return [host for host in value.split(",") if host] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, toml_source(settings_cls)

    @property
    def torch_device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        return self.device

    @property
    def torch_dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.dtype == "bfloat16" else torch.float32

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def settings_file() -> Path:
    """Raises SettingsError where the environment names one that is not there."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} is {named}; there is no such file")
    return Path(named or "spanscope.toml")


def toml_source(settings_cls: type[BaseSettings]) -> TomlConfigSettingsSource:
    """Raises SettingsError."""
    file = settings_file()
    try:
        return TomlConfigSettingsSource(settings_cls, file)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
