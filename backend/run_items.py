"""A run as the API tells of it: its spec, its state, and how far it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from analysis.curves import layer_spans
from backend.schemas.runs import RunDetail, RunItem
from model.config import Budget, RunSpec
from model.runs import Run, RunError

STALE_SECONDS = 10.0
"""Progress that nobody renewed for so long tells nothing of the present."""


@lru_cache(maxsize=64)
def _metrics(run: Run, written: int, size: int) -> list[dict[str, Any]]:
    return run.metrics()


def metrics_of(run: Run) -> list[dict[str, Any]]:
    """`run.metrics()`, read again only when the file has changed. Raises RunError."""
    try:
        state = (run.folder / "metrics.jsonl").stat()
    except OSError:
        return []
    return _metrics(run, state.st_mtime_ns, state.st_size)


def run_item(run: Run, *, shelf: bool) -> RunItem:
    """What lists show; a run that cannot be read says why."""
    return RunItem.model_validate(_told(run, shelf))


def run_detail(run: Run, *, shelf: bool) -> RunDetail:
    """The same, and its whole config."""
    try:
        config = run.spec.to_dict()
    except RunError:
        config = None
    return RunDetail.model_validate({**_told(run, shelf), "config": config})


def _told(run: Run, shelf: bool) -> dict[str, Any]:
    about = run.about()
    told: dict[str, Any] = {
        "name": run.name,
        "title": about.get("title") or run.name,
        "note": about.get("note") or "",
        "archived": about.get("archived") is True,
        "checkpoints": [f"{run.name}@{step}" for step in reversed(run.steps())],
        "imported": False,
        "trim": None,
        "shelf": shelf,
        **dict.fromkeys(("variant", "corpus", "unit", "steps", "tokens_total", "bpc", "mean_span")),
        **dict.fromkeys(("tokens_per_second", "seconds_left", "seconds", "created")),
        "step": 0,
        "tokens": 0,
    }
    try:
        spec = run.spec
        told |= _of_spec(spec, about) | _of_metrics(run, spec)
        state, detail = run.state()
        told |= {"state": state, "detail": detail, "created": _created(run)}
        at_work = state in ("training", "stopping", "paused")
        if spec.budget:
            told |= _of_trim(run, spec, spec.budget, at_work)
        elif at_work:
            told |= _of_progress(run, spec, told["step"])
    except RunError as error:
        told |= {"state": "unreadable", "detail": str(error)}
    return told


def _of_spec(spec: RunSpec, about: dict[str, Any]) -> dict[str, Any]:
    title = about.get("title") or spec.title
    return {
        **({"title": title} if title else {}),
        "variant": spec.model.variant,
        "corpus": spec.corpus,
        "unit": spec.model.unit,
        "steps": spec.training.steps,
        "tokens_total": None
        if spec.imported
        else spec.training.steps * spec.training.tokens_a_step,
        "imported": spec.imported,
    }


def _of_metrics(run: Run, spec: RunSpec) -> dict[str, Any]:
    metrics, steps = metrics_of(run), run.steps()
    last = metrics[-1] if metrics else {}
    step = max([last.get("step", 0), *steps[-1:]])
    spans = layer_spans(last["z"], spec.model) if last.get("z") else None
    return {
        "step": step,
        "tokens": 0 if spec.imported else step * spec.training.tokens_a_step,
        "seconds": last.get("seconds"),
        "bpc": last.get("bpc"),
        "mean_span": None if spans is None else float(spans.mean()),
    }


def _of_trim(run: Run, spec: RunSpec, budget: Budget, at_work: bool) -> dict[str, Any]:
    """Of a run that trims, in the place of what is told of steps."""
    trim: dict[str, Any] = {"parent": spec.parent, "kind": budget.kind, "most": budget.most}
    trim |= {"doing": None, "share": None}
    told: dict[str, Any] = {"steps": None, "tokens_total": None}
    progress = run.progress() if at_work else {}
    if isinstance(progress.get("doing"), str):
        trim |= {"doing": progress["doing"], "share": progress.get("share")}
        told["seconds_left"] = progress.get("seconds_left")
    return {**told, "trim": trim}


def _of_progress(run: Run, spec: RunSpec, known: int) -> dict[str, Any]:
    """Of a run that trains now."""
    progress = run.progress()
    try:
        step, pace = int(progress["step"]), float(progress["tokens_per_second"])
        fresh = time.time() - float(progress["time"]) < STALE_SECONDS
    except (KeyError, TypeError, ValueError):
        return {}
    step = max(step, known) if fresh else known
    a_step = spec.training.tokens_a_step
    told: dict[str, Any] = {"step": step, "tokens": step * a_step}
    if fresh and pace > 0:
        left = max(0, spec.training.steps - step) * a_step / pace
        told |= {"tokens_per_second": pace, "seconds_left": left}
    return told


def _created(run: Run) -> datetime | None:
    try:
        return datetime.fromtimestamp((run.folder / "run.json").stat().st_mtime, UTC)
    except OSError:
        return None
