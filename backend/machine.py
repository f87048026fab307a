"""What this machine can hold."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from analysis.cost import memory_bytes, training_bytes
from model.config import ConfigError, RunSpec

CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_of(device: str) -> int:
    """Bytes of memory of a device: of the GPU, or of this machine or container."""
    if device != "cpu":
        return int(torch.cuda.get_device_properties(device).total_memory)
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(physical, int(CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or "max"
        return physical


def require_memory(spec: RunSpec, device: str) -> None:
    """Raises ConfigError where training needs more than the device has, whatever else it holds."""
    training, model = spec.training, spec.model
    there = memory_of(device)
    state, remembered = training_bytes(spec), memory_bytes(spec)
    if state > there:
        raise ConfigError(
            f"hidden is {model.hidden} in {model.layers} layers: weights, gradients and optimizer need {state:,} bytes; "
            f"they must fit into {there:,}"
        )
    if state + remembered > there:
        most = max(0, there - state) // (remembered // training.batch)
        raise ConfigError(
            f"batch is {training.batch}: what layers remember of it at span_limit={model.span_limit} needs "
            f"{remembered:,} bytes beside {state:,}; it must be at most {most} in {there:,}"
        )
