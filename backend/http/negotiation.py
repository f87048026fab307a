"""What a client takes, by the weights in its headers (RFC 9110, section 12): forms of a resource, content codings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, TypeVar

F = TypeVar("F", bound=str)
Coding = Literal["br", "gzip", "identity"]
CODINGS: tuple[Coding, ...] = ("br", "gzip", "identity")
UNNAMED = 0.0001
"""What a client thinks of an answer as it is, where it does not say: less than of any coding that it names."""


def accepted(media_types: Mapping[F, str], accept: str) -> list[F]:
    """The forms that an Accept header takes, the one it likes best first."""
    ranges = _weights(accept)

    def weight(media_type: str) -> float:
        group = media_type.split("/")[0]
        known = (ranges[name] for name in (media_type, f"{group}/*", "*/*") if name in ranges)
        return next(known, 0.0)

    weights = {form: weight(media_type) for form, media_type in media_types.items()}
    return sorted((form for form in weights if weights[form]), key=lambda form: -weights[form])


@lru_cache
def chosen_coding(accept_encoding: str, *, worth_it: bool = True) -> Coding | None:
    """The coding that an Accept-Encoding header likes best, or none where it takes none that we have.

    Where coding is not worth it, an answer stays as it is unless that is refused.
    """
    named = _weights(accept_encoding)
    others = named.get("*", 0.0)
    weights: dict[Coding, float] = {coding: named.get(coding, others) for coding in CODINGS}
    if not {"identity", "*"} & named.keys():
        weights["identity"] = UNNAMED
    if weights["identity"] and not worth_it:
        return "identity"
    best = max(CODINGS, key=lambda coding: weights[coding])
    return best if weights[best] else None


@lru_cache
def _weights(header: str) -> dict[str, float]:
    """The q of everything named; what cannot be read is left out."""
    weights: dict[str, float] = {}
    for part in header.casefold().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            weights[name] = float(quality)
        except ValueError:
            continue
    weights.pop("", None)
    return weights
