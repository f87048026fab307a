"""What a GPU computes is what a CPU computes. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model import checkpoint
from model.config import ModelConfig
from model.runs import Run
from model.transformer import Transformer

SHIPPED = Run(Path(checkpoint.__file__).parent / "shelf" / "classics-adaptive")
TEXT = "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer " * 20

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_the_shipped_model_reads_the_same_on_both() -> None:
    folder = SHIPPED.checkpoint(SHIPPED.steps()[-1])
    tokens = torch.tensor([list(TEXT.encode())])
    here, there = checkpoint.load(folder), checkpoint.load(folder, "cuda")
    with torch.no_grad():
        expected = here(tokens)[0].log_softmax(-1)
        actual = there(tokens.cuda())[0].log_softmax(-1).cpu()
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("variant", ["fixed", "adaptive", "dynamic"])
def test_gradients_are_the_same_on_both(variant: str) -> None:
    torch.manual_seed(0)
    net = Transformer(ModelConfig(variant=variant, layers=2, span_limit=200)).train()
    tokens, gradients = torch.randint(256, (2, 130)), []
    for device in ("cpu", "cuda"):
        net.zero_grad()
        net.to(device)
        net(tokens.to(device))[0].logsumexp(-1).sum().backward()
        gradients.append({k: p.grad.cpu() for k, p in net.named_parameters() if p.grad is not None})
    for name, expected in gradients[0].items():
        scale = max(1.0, expected.abs().max().item())
        assert (gradients[1][name] - expected).abs().max().item() <= 1e-4 * scale, name
