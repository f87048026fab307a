"""A survey against the evaluation of the same tokens, by the model that ships."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from analysis.survey.parts import Part, Reader
from analysis.survey.sources import Source
from model.checkpoint import load
from model.evaluate import evaluate
from tests.bench.timing import in_turn

CHECKPOINT = Path("model/shelf/classics-adaptive/checkpoints/step-00009800")
TOKENS = 98_304


def measure_survey(rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds for bytes without sense, which cost as much as others: `ours` is the survey, `baseline` the evaluation."""
    net = load(CHECKPOINT)
    tokens = np.random.default_rng(0).integers(0, 256, TOKENS).astype(np.uint8)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tokens"
        file.write_bytes(tokens.tobytes())
        source = Source("tokens", file, TOKENS, hashlib.sha256(tokens.data).hexdigest())
        reader = Reader(net, [source])
        seconds = in_turn(
            {
                "ours": lambda: reader.read(Part(0, 0, TOKENS)),
                "baseline": lambda: evaluate(net, tokens),
            },
            rounds,
        )
    torch.set_num_threads(threads)
    return {"read": seconds}
