"""The page's HTML: what it tells the browser to load beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.modules import modules_of, preloads
from backend.page import VIEWS


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_comes_with_all_its_modules_and_none_twice(client: TestClient, path: str) -> None:
    links = re.findall(r'<link rel="modulepreload" href="([^"]+)">', client.get(path).text)
    assert len(links) == len(set(links))
    assert any(link.endswith(f"/views{path if path != '/' else '/spans'}.js") for link in links)
    for link in links:
        script = client.get(link)
        assert script.status_code == 200
        for name in re.findall(r"^import [^']*'(\./[\w/-]+\.js)'", script.text, re.MULTILINE):
            assert f"{link.rsplit('/', 1)[0]}/{name[2:]}" in links


def test_modules_are_followed_through_what_they_import(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "app.js").write_text("import {\n  b,\n} from './parts/b.js';\nimport './c.js';\n")
    (tmp_path / "parts/b.js").write_text("import { app } from '../app.js';\nexport const b = 1;\n")
    (tmp_path / "c.js").write_text("const late = () => import('./late.js');\n")
    names = [path.name for path in modules_of(tmp_path / "app.js")]
    assert names == ["app.js", "b.js", "c.js"]
    assert '"/s/parts/b.js"' in preloads(tmp_path, "/s", "app.js")
