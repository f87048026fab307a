"""What stands beside the code says what the code does: docs/operations.md, docker-compose.yml and what it mounts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from backend.settings import SHELF, Settings
from tests.small_runs import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((ROOT / "backend/deploy/grafana/spanscope.json").read_text())
OF_THE_IMAGE = {"host", "port", "runs", "shelf", "data", "without_token"}
"""Settings that a container's owner has no use for."""


def table(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", OPERATIONS, re.DOTALL)
    assert found
    return found[1]


def test_the_table_of_settings_is_that_of_the_code() -> None:
    rows = ["| setting | default | what it is |\n| --- | --- | --- |\n"]
    for name, field in Settings.model_fields.items():
        assert field.description and not isinstance(field.default, SecretStr)
        default = SHELF.relative_to(ROOT) if field.default == SHELF else field.default
        shown = "" if default in (None, []) else f"`{default}`"
        rows.append(f"| `{name}` | {shown} | {field.description} |\n")
    assert table("settings") == "".join(rows)


def test_the_table_of_metrics_is_that_of_the_service(client: TestClient) -> None:
    client.get("/healthz")
    rows = ["| metric | labels | what it is |\n| --- | --- | --- |\n"]
    for family in text_string_to_metric_families(client.get("/metrics").text):
        if family.name.startswith("spanscope_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = " ".join(f"`{label}`" for label in family.samples[0].labels if label != "le")
            rows.append(f"| `{name}` | {labels} | {family.documentation} |\n")
    assert table("metrics") == "".join(rows)


def test_the_dashboard_asks_for_what_there_is(client: TestClient) -> None:
    client.get("/healthz")
    told = client.get("/metrics").text
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    names = set(re.findall(r"\b(?:spanscope|process)_\w+", " ".join(asked)))
    assert len(names) > 15
    assert [name for name in names if f"\n{name}{{" not in told and f"\n{name} " not in told] == []


def test_compose_passes_every_setting_and_waits_longer_than_the_service() -> None:
    service = COMPOSE["services"]["service"]
    passed = {name for name in service["environment"] if name.startswith("SPANSCOPE_")}
    wanted = Settings.model_fields.keys() - OF_THE_IMAGE
    assert passed == {f"SPANSCOPE_{name.upper()}" for name in wanted}
    grace = float(service["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["grace_seconds"].default


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_confined_and_its_files_are_there(name: str) -> None:
    container = COMPOSE["services"][name]
    assert container["read_only"] and container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "healthcheck" in container or container["image"] == "spanscope"  # which has its own
    ports = [port.split("}")[0] for port in container.get("ports", [])]
    assert all("127.0.0.1:" in port for port in ports)
    mounts = [Path(volume.split(":")[0]) for volume in container["volumes"] if volume[0] == "."]
    assert all((ROOT / mount).is_file() for mount in mounts)
