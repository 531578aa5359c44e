# Everything a developer or an operator runs. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
WORK ?= W1

.DEFAULT_GOAL := help
.PHONY: help run test check format lock schema bench bench-quick bench-scale bench-memory bench-marking profile prove faults fuzz soak clean

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

prove: ## Thousands of random documents: the compiler against graphql-core's own execution (PROVE=3000); all of the real data sets
	$(call sync,dev)
	@PROVE=$(or $(PROVE),3000) $(BIN)/python -m pytest -q tests/test_compiled_documents.py tests/test_import_real_data.py $(ARGS)

faults: ## The slow fault runs: services killed and cut off while the product works
	$(call sync,dev)
	@$(BIN)/python -m pytest -q tests/faults $(ARGS)

fuzz: ## Ten thousand bad values over every argument, with a new seed (FUZZ_SEED=1 repeats one)
	$(call sync,dev)
	@FUZZ_COUNT=$(or $(FUZZ_COUNT),10000) $(BIN)/python -m pytest -q -s tests/test_fuzz.py $(ARGS)

soak: ## Half load on the full product for twenty minutes: nothing may grow (MINUTES=2 for a try)
	$(call sync,dev)
	@$(BIN)/python -m tests.faults.soak --minutes $(or $(MINUTES),20)

schema: ## Print the static GraphQL schema into schema/schema.graphql
	$(call sync,dev)
	@$(BIN)/python -m schema.print > schema/schema.graphql

bench: ## Measure the product against a bare route and PostGraphile on the same data (ten minutes; needs wrk)
	$(call sync,dev)
	@$(BIN)/python -m bench.run $(ARGS)

bench-quick: ## The same with a tenth of the data and short rounds (make bench-quick ARGS="--only W1,W5 --no-postgraphile")
	$(call sync,dev)
	@$(BIN)/python -m bench.run --quick $(ARGS)

bench-scale: ## The same lists at 10,000 and at 1,000,000 orders (make bench-scale ARGS="--only total --keep FOLDER")
	$(call sync,dev)
	@$(BIN)/python -m bench.scale $(ARGS)

bench-memory: ## What 10,000 companies take of memory, and the first request after a change (make bench-memory ARGS="--sharing 2000")
	$(call sync,dev)
	@$(BIN)/python -m bench.memory $(ARGS)

bench-marking: ## How long writes wait while a field of 500,000 orders becomes indexed (make bench-marking ARGS="--orders 50000")
	$(call sync,dev)
	@$(BIN)/python -m bench.marking $(ARGS)

profile: ## Where each microsecond of a request goes (make profile WORK=W2)
	$(call sync,dev)
	@$(BIN)/python -m bench.profile $(WORK) $(ARGS)

# With hashes and for every platform; without a host's name, so that each machine uses the index it is set up for.
COMPILE = UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(ARGS)

lock: ## Write the lock files anew from pyproject.toml (make lock ARGS=--upgrade takes newer versions)
	$(call sync,dev)
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra embedded --extra build -o requirements/run.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra embedded --extra build --extra telemetry --extra dev -c requirements/run.txt \
		-o requirements/dev.txt >/dev/null

clean: ## Remove what was installed and built; the data in .orderloom/ stays
	@rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist console/node_modules server/static/explorer
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
