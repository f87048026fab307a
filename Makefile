PYTHON ?= python3
PORT ?= 8000
TRAINER ?= 1
BIN := .venv/bin
TYPESCRIPT := typescript@5.9.3
PROCESSES := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run test check soak load bench bench-page evidence screenshots
.DEFAULT_GOAL := run

run: .venv/installed
	@exec $(BIN)/spanscope serve --port $(PORT) $(if $(filter 0,$(TRAINER)),,--trainer)

test: check
	@if command -v node >/dev/null; then \
		echo node --test; node --test tests/frontend/unit/*.test.mjs; \
	elif [ -n "$(REQUIRE_NODE)" ]; then echo "Node.js is required and missing"; exit 1; fi
	$(BIN)/pytest $(PROCESSES) --durations 20
	@command -v npx >/dev/null || echo "skipped: the page's types, its modules' tests and axe-core; they need Node.js (Debian: apt-get install nodejs npm)"
	@command -v chromium >/dev/null || echo "skipped: the tests in a browser; they need Chromium (Debian: apt-get install chromium)"
	@[ -x $(BIN)/ray ] || echo "skipped: a survey on Ray; it needs 240 MB more ($(BIN)/pip install --constraint constraints.txt --editable '.[ray]')"
	@command -v caddy >/dev/null || echo "skipped: the proxy in front of two copies of the service; it needs Caddy (Debian: apt-get install caddy)"

check: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@if command -v npx >/dev/null; then \
		echo npx $(TYPESCRIPT) tsc; npx --yes --package $(TYPESCRIPT) tsc --project tests/frontend; \
	elif [ -n "$(REQUIRE_NODE)" ]; then echo "Node.js is required and missing"; exit 1; fi

soak: .venv/installed-dev
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest tests/model
	SOAK_BODIES=5000 $(BIN)/pytest tests/backend/test_fuzz.py
	SOAK_KILLS=25 SOAK_EXAMPLES=200 $(BIN)/pytest -rP tests/soak

load: .venv/installed-dev
	$(BIN)/python -m tests.load

bench: .venv/installed-dev
	$(BIN)/python -m tests.bench

bench-page: .venv/installed-dev
	$(BIN)/python -m tests.bench_page

evidence: .venv/installed-dev
	$(BIN)/python -m analysis.evidence

screenshots: .venv/installed-dev
	$(BIN)/python -m tests.screenshots build/screenshots

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Spanscope needs Python 3.11 or later; say which with PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@
