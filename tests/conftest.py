"""What all tests share."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import settings

# the models here are small: more threads only wait for each other
torch.set_num_threads(1)
settings.register_profile("default", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

LONG = ("test_kills.py", "test_schema.py", "test_ranks.py", "test_background.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few, long tests first: at the end one process would be left alone with them.

    The rest in the order of their names, those of the page after the backend's: where a browser was driven, no other
    event loop runs.
    """
    items.sort(key=lambda item: item.path.name not in LONG)
