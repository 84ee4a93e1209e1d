# Needs Python 3.11 or newer and make, nothing else. `make` alone lists what there is.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup run test lint typecheck contracts docs docs-serve fuzz faults bench eval clean

PY := .venv/bin/python
RUN := .venv/.run
DEV := .venv/.dev

# A stamp holds the path that it was made for: an environment does not survive being moved.
ifneq ($(shell cat $(RUN) 2>/dev/null || pwd -P),$(CURDIR))
$(shell rm -f $(RUN) $(DEV))
endif

help: ## List what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(RUN) ## Make .venv with what running takes (PYTHON=… names another Python)
	@echo "Ready: 'make run' starts it, 'make' lists the rest."

run: $(RUN) ## Start everything, stream the samples through it, and print what became of them (BASE_PORT=9600 moves it)
	@$(PY) -m cli.run $(if $(BASE_PORT),--base-port $(BASE_PORT))

test: $(DEV) ## Run every test, on a real Kafka and PostgreSQL; what is left out is listed at the end
	@$(PY) -m pytest -rs -n 3 --dist loadfile --no-loadscope-reorder

lint: $(DEV) ## Check style, formatting, and who may import whom
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -c 'from importlinter.cli import lint_imports_command as lint_imports; lint_imports()'

typecheck: $(DEV) ## Check types, strictly
	@$(PY) -m mypy

contracts: $(DEV) ## Check that asyncapi.yaml, schemas, examples, reference pages and dashboards are what the code says, and no event broke
	@$(PY) -m cli.contracts --check
	@$(PY) -m cli.dashboards --check

docs: $(DEV) ## Build the documentation into site/; a link that leads nowhere is an error
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet

docs-serve: $(DEV) ## Show the documentation on http://127.0.0.1:8000, anew after every change
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs serve

fuzz: $(DEV) ## Ask every operation of every service a hundred times in ways that nobody would think of (Schemathesis)
	@WEERKLANK_FUZZ=100 $(PY) -m pytest -rs --timeout 3600 tests/e2e/test_every_operation.py

faults: $(DEV) ## Kill, freeze and cut parts of a running stack, each at ten seeded moments
	@WEERKLANK_FAULTS=10 $(PY) -m pytest -rs -m faults

bench: $(DEV) ## Measure messages per second and delays on this machine
	@$(PY) -m bench.run

eval: $(DEV) ## Score triage's models on messages that they were not trained on
	@$(PY) -m services.triage.evaluate

clean: ## Remove the environment and every cache; the data of `make run` (.data) stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.txt requirements/build.txt requirements/install pyproject.toml $(PY)
	@requirements/install run

$(DEV): requirements/dev.txt requirements/build.txt requirements/install pyproject.toml $(PY)
	@requirements/install dev

# No recipe: an environment whose Python is gone only makes the stamps out of date.
$(PY):
