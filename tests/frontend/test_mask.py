"""The mask of the page is that of the model, number for number."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from model.span import soft_mask, spans_of

MODULE = Path(__file__).parents[2] / "frontend/parts/mask.js"
PAGE = f"""
import {{ mask, spanOf, teaching }} from {json.dumps(MODULE.as_uri())};
const cases = JSON.parse(process.argv[1]);
process.stdout.write(JSON.stringify(cases.map(({{ z, ramp, span_limit }}) => ({{
  mask: Array.from({{ length: span_limit }}, (_, i) => mask(i + 1, z, ramp)),
  span: spanOf(z, {{ ramp, span_limit }}),
  teaching: teaching(z, {{ ramp, span_limit }}),
}}))));
"""


def test_the_mask_the_span_and_what_teaches_z_are_those_of_the_model() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is missing (Debian: apt-get install nodejs)")
    lengths = [(z, ramp) for ramp in (1, 3, 32) for z in (0, 0.5, 1, 17.25, 39, 63.75, 64)]
    cases = [{"z": z, "ramp": ramp, "span_limit": 64} for z, ramp in lengths]
    command = [node, "--input-type=module", "--eval", PAGE, json.dumps(cases)]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    distance = torch.arange(1, 65, dtype=torch.float64)
    for case, page in zip(cases, shown, strict=True):
        z = torch.full_like(distance, case["z"], requires_grad=True)
        mask = soft_mask(z, distance, case["ramp"])
        (slope,) = torch.autograd.grad(mask.sum(), z)
        taught = (slope != 0).nonzero().flatten() + 1
        assert page["mask"] == mask.tolist(), case
        assert page["span"] == spans_of(z[0], case["ramp"], 64).item(), case
        expected = {"first": taught[0].item(), "last": taught[-1].item()} if len(taught) else None
        assert page["teaching"] == expected, case
