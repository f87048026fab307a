"""Dataclasses of plain values, read strictly and checked when they are made."""

from __future__ import annotations

import dataclasses
from typing import Any, Self


class ConfigError(ValueError):
    """A setting is wrong; the message names it, its value and what would be right."""


def require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name} is {value!r}; it must be {expected}")


class Plain:
    """A dataclass that is read from JSON values, strictly."""

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Raises ConfigError for a value that is no object, and for an unknown or ill-typed field."""
        require(isinstance(values, dict), cls.__name__, values, "an object")
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            require(name in fields, name, values[name], f"one of {', '.join(fields)}")
        return cls(**values)

    def check_types(self) -> None:
        for f in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            if f.type == "int":
                require(type(value) is int, f.name, value, "a whole number")
            elif f.type == "float":
                number = isinstance(value, (int, float)) and not isinstance(value, bool)
                require(number, f.name, value, "a number")
            elif f.type == "str":
                require(isinstance(value, str), f.name, value, "a text")
            elif f.type == "bool":
                require(isinstance(value, bool), f.name, value, "true or false")
