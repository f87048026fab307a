"""What tokens are grouped by: their kind, their place in the word, their place in the line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.kinds import KINDS, kind_numbers, line_places, word_places
from analysis.survey.characters import Tokens, characters
from model.alphabets import Alphabet

WORD = (1, 2, 3, 4, 5, 9)
LINE = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257)
"""Where the groups of places begin, in characters."""
LOOK_BACK, LOOK_AHEAD = 2048, 4
"""How many tokens around some tell their groups, whatever the alphabet: 257 characters of four bytes, and one."""


def _names(firsts: Sequence[int]) -> tuple[str, ...]:
    """As 1, 2, 3-4, 5+."""
    closed = [
        str(first) if after == first + 1 else f"{first}-{after - 1}"
        for first, after in pairwise(firsts)
    ]
    return (*closed, f"{firsts[-1]}+")


GROUPINGS: dict[str, tuple[str, ...]] = {
    "all": ("all",),
    "kind": KINDS,
    "word": ("between words", *_names(WORD)),
    "line": _names(LINE),
}
GROUPS = [(grouping, group) for grouping, groups in GROUPINGS.items() for group in groups]


def memberships(
    alphabet: Alphabet, tokens: Tokens, before: int, count: int
) -> npt.NDArray[np.bool_]:
    """Which of GROUPS each of `count` tokens is in [count, groups]: one of each grouping.

    tokens [T] are those, `before` tokens that stand before them and some that follow.
    """
    points, which = characters(alphabet, tokens)
    of_characters = (
        np.zeros(len(points), np.int64),
        kind_numbers(points),
        np.digitize(word_places(points), WORD),
        np.digitize(line_places(points), LINE) - 1,
    )
    own, first = which[before : before + count], 0
    member = np.zeros((count, len(GROUPS)), np.bool_)
    for groups, numbers in zip(GROUPINGS.values(), of_characters, strict=True):
        member[np.arange(count), first + numbers[own]] = True
        first += len(groups)
    return member
