"""Big numeric arrays, as plotly takes them."""

from __future__ import annotations

import base64
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict


class TypedArray(BaseModel):
    """Numbers in plotly's typed-array form: little-endian, base64; NaN where a number does not exist."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dtype": "f4", "shape": "1, 2", "bdata": "AACAPwAAAEA="}}
    )

    dtype: Literal["f4", "f8", "i4", "u1"]
    shape: str
    bdata: str

    @classmethod
    def of(
        cls, array: npt.NDArray[Any], dtype: Literal["f4", "f8", "i4", "u1"] = "f4"
    ) -> TypedArray:
        data = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
        return cls(
            dtype=dtype,
            shape=", ".join(map(str, data.shape)),
            bdata=base64.b64encode(data.tobytes()).decode("ascii"),
        )
