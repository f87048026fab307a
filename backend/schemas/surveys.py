"""What every head does in whole texts, and where to see it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from model.alphabets import Unit
from model.config import Variant


class Source(BaseModel):
    """A text that was read: a split of a corpus, or a file."""

    name: str
    tokens: int
    digest: str = Field(description="SHA-256")


class Survey(BaseModel):
    name: str
    corpus: str | None = Field(description="null where files were read")
    sources: list[Source]
    tokens: int
    created: datetime


class Surveys(BaseModel):
    checkpoint: str
    items: list[Survey]
    detail: str | None = Field(description="how to make one, where there is none")


class SurveyedHead(BaseModel):
    """One head over all tokens. Use is the sum of weight times distance over the text, in tokens."""

    layer: int
    head: int
    z: float = Field(description="tokens, the mean")
    span: float = Field(description="tokens it may reach, the mean")
    use: float
    mean_distance: float | None = Field(description="tokens, of the attention inside the text")
    distance_90: int = Field(
        description="tokens within which lie 90% of the attention inside the text"
    )
    entropy: float | None = Field(description="bits, of the attention inside the text")
    outside: float = Field(description="share of the attention that falls before the text")
    use_10: float = Field(description="the use below which lie 10% of the tokens")
    use_50: float
    use_90: float
    use_99: float
    answers_to: str | None = Field(description="the kind of character with the largest mean use")
    answers_to_ratio: float | None = Field(description="that use over the head's mean")


class Key(BaseModel):
    """A token that is read."""

    distance: int
    weight: float
    at: int | None = Field(description="its character in `text`; null for what lies before it")


class Excerpt(BaseModel):
    """A token from which the head looks back, and what it reads there."""

    reason: Literal["most", "quantile"]
    quantile: float | None = Field(description="of use, near which it was drawn")
    source: str
    place: int = Field(description="the token that looks, from 0 in its source")
    use: float
    distance: float | None = Field(description="mean, tokens")
    text: str | None = Field(description="a part of the source; null where it cannot be had")
    text_at: int = Field(description="the character of `text` that looks")
    keys: list[Key] = Field(description="those read most, the most first")


class Passage(Excerpt):
    span: float
    entropy: float | None = Field(description="bits")
    outside: float
    key_share: float = Field(description="of the attention, that these keys hold")
    text_start: int = Field(description="the token of the source with which `text` begins")


class Group(BaseModel):
    """Tokens by what stands there: all, kind of character, place in the word, place in the line."""

    grouping: str
    group: str
    tokens: int


class About(Survey):
    checkpoint: str
    variant: Variant
    unit: Unit
    span_limit: int
    ramp: int
    edges: list[int] = Field(
        description="bin i holds distances from edges[i] up to, not including, edges[i + 1]"
    )
    text_missing: str | None = Field(description="why passages come without their texts, if so")


class GalleryHead(SurveyedHead):
    """With means over each of `groups`, null where a group has no tokens."""

    mass: list[float] = Field(description="mean attention on each bin; with `outside` it sums to 1")
    group_use: list[float | None]
    group_distance: list[float | None]
    group_entropy: list[float | None]
    excerpts: list[Excerpt] = Field(
        description="the one of the most use and one near the median, their texts cut to what is read most"
    )


class Gallery(About):
    groups: list[Group]
    heads: list[GalleryHead]


class HeadGroup(Group):
    """One head at the tokens of a group: means, null where it has none."""

    z: float | None
    span: float | None
    use: float | None
    mean_distance: float | None
    entropy: float | None
    outside: float | None
    mass: list[float | None] = Field(description="mean attention on each bin of distances")


class HeadSurvey(About, SurveyedHead):
    groups: list[HeadGroup]
    passages: list[Passage]
