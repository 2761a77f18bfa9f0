# Everything a checkout needs: `make sync` loads the space, `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help sync install dev test check format bench docs clean

help:  ## List what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

sync: .venv/installed  ## Install what is missing, load the space and print its tables (ARGS="--select issues")
	@$(BIN)/backlog-assets sync $(ARGS)

install: .venv/installed  ## Only install

dev: .venv/installed  ## Start Dagster's UI on http://127.0.0.1:3000
	$(BIN)/dagster dev

test: .venv/installed-dev  ## Run every test (ARGS="-k partition")
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/installed-dev  ## Lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: .venv/installed-dev  ## Put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-bench  ## Measure speed and memory beside a bare loop and dlt (ARGS="--issues 10000")
	$(BIN)/python -m bench $(ARGS)

docs: .venv/installed-dev  ## Write docs/tables.md, docs/tables.ja.md and docs/er.md anew from the catalogue
	$(BIN)/python -m backlog_assets.pages docs

clean:  ## Remove what was installed and made; the loaded data stays
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or sys.exit(f"Python 3.10 to 3.13 is needed; this is {v[0]}.{v[1]}. Say which: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python3 cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing into .venv ..."
	@$(PIP) --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	@$(PIP) --editable '.[dev]'
	@touch $@

.venv/installed-bench: .venv/installed-dev
	@$(PIP) --editable '.[bench]'
	@touch $@
