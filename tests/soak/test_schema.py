"""The service held against its own document by schemathesis: whatever is sent, it answers as that says.

SOAK_EXAMPLES says how often each operation is asked beside what its document suggests: a few times in `make test`,
200 times in `make soak`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from analysis.survey import folder_of, survey
from model.corpora import keep
from model.runs import Run
from tests.backend.conftest import MOVING, TINY, save
from tests.serving import serving
from tests.small_runs import ROOT

EXAMPLES = os.environ.get("SOAK_EXAMPLES", "3")
TOKEN = "a token that is long enough"
CONFIG = Path(__file__).with_name("schemathesis.toml")


def prepared(folder: Path) -> tuple[Path, Path]:
    """Small runs, and a folder of corpora from which nothing has to be fetched."""
    runs, data = folder / "runs", folder / "data"
    run = Run.create(runs, "tiny", TINY)
    save(run, 10, 3.0)
    save(run, 20, 4.0)
    survey(run.checkpoint(10), [ROOT / "LICENSE"], folder_of(run.checkpoint(10), "license"))
    save(Run.create(runs, "moving", MOVING), 10, 3.5)
    Run.create(runs, "queued", TINY, queued=True)
    text = np.random.default_rng(0).integers(27, size=5000, dtype=np.uint8).tobytes()
    for corpus in ("text8", "classics"):  # no true classics, which the service sees
        keep((text, text, text), data / corpus)
    return runs, data


def test_whatever_is_sent_the_service_answers_as_its_document_says(tmp_path: Path) -> None:
    runs, data = prepared(tmp_path)
    with serving(runs, tmp_path, data=data, token=TOKEN) as service:
        document = f"http://127.0.0.1:{service.port}/openapi.json"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        options = ["--max-examples", EXAMPLES, "--continue-on-failure", "--no-color"]
        options += ["--header", f"Authorization: Bearer {TOKEN}"]
        found = subprocess.run([*command, document, *options], capture_output=True, text=True)
    print(found.stdout)
    said = service.log.read_text(encoding="utf-8")
    assert found.returncode == 0, said
    assert " failed\n" not in said, said
