# Everything a developer or an operator runs. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test check format lock schema bench bench-quick faults clean

# Needs nothing but Python with venv and pip: no compiler, no Node.js, no database.
define sync
@command -v $(PYTHON) >/dev/null 2>&1 || \
	{ echo "orderloom: '$(PYTHON)' is not installed: install Python 3.11 or newer, or name it: make PYTHON=python3.12" >&2; exit 1; }
@$(PYTHON) requirements/sync.py $(1)
endef

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Install, start PostgreSQL and Redis in .orderloom/, migrate, seed two demo companies, serve until Ctrl-C
	$(call sync,run)
	@$(BIN)/python -m server.explorer || true
	@exec $(BIN)/python -m server

test: ## Install and run every test but the slow fault runs
	$(call sync,dev)
	@$(BIN)/python -m pytest -n $(WORKERS) -q $(ARGS)

check: ## What must hold before a test is worth running: format, lint, types, the shape of the imports
	$(call sync,dev)
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

format: ## Format the code and mend what can be mended by a machine
	$(call sync,dev)
	@$(BIN)/python -m ruff check --fix-only .
	@$(BIN)/python -m ruff format .

faults: ## The slow fault runs: services killed and cut off while the product works
	$(call sync,dev)
	@$(BIN)/python -m pytest -q tests/faults $(ARGS)

schema: ## Print the static GraphQL schema into schema/schema.graphql
	$(call sync,dev)
	@$(BIN)/python -m schema.print > schema/schema.graphql

bench: ## Measure the product against the same SQL behind a bare route (takes minutes)
	$(call sync,dev)
	@$(BIN)/python -m bench.run $(ARGS)

bench-quick: ## The same with small data, to see that the measuring works
	$(call sync,dev)
	@$(BIN)/python -m bench.run --quick $(ARGS)

# With hashes and for every platform; without a host's name, so that each machine uses the index it is set up for.
COMPILE = UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(ARGS)

lock: ## Write the lock files anew from pyproject.toml (make lock ARGS=--upgrade takes newer versions)
	$(call sync,dev)
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra embedded --extra build -o requirements/run.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra embedded --extra build --extra dev -c requirements/run.txt \
		-o requirements/dev.txt >/dev/null

clean: ## Remove what was installed and built; the data in .orderloom/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist console/node_modules server/static/explorer
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
