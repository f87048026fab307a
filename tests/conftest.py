"""What all tests share."""

from __future__ import annotations

import os

import torch
from hypothesis import settings

# the models here are small: more threads only wait for each other
torch.set_num_threads(1)
settings.register_profile("default", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
