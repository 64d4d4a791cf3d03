# Exeunt. `make help` lists the targets. Everything is installed into .venv from lock files with hashes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# root warnings of pip do not matter in an environment of our own
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help install dev demo serve test test-long bench lint types format lock clean tools

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 14

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Exeunt needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv here: install it first (apt-get install python3-venv)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt requirements/build.txt pyproject.toml
	@echo "installing into $(VENV) …"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "installing what tests need …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

install: $(VENV)/.run ## make .venv; then .venv/bin/exeunt is the command
	@echo "$(BIN)/exeunt is ready"

dev: $(VENV)/.dev

demo: $(VENV)/.run ## sample workspace in, archives out, every byte checked
	@$(BIN)/python -m exeunt.demo

serve: $(VENV)/.run ## serve what the demo made
	@EXEUNT_DATA=$${EXEUNT_DATA:-demo-data/installation} $(BIN)/exeunt serve

tools: ## install the programs that some tests use (as root; else their tests are skipped by name)
	@sh tests/tools.sh

test: $(VENV)/.dev tools ## lint, types, and every test that takes seconds
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -m "not long" --numprocesses 2 --dist loadscope

test-long: $(VENV)/.dev tools ## big archives, many kills, fuzzing
	@$(BIN)/python -m pytest -m long

bench: $(VENV)/.bench tools ## measure against peers and floors; writes bench/RESULTS.md
	@$(BIN)/python -m bench

lint: $(VENV)/.dev ## what the linter says
	@$(BIN)/ruff check .

types: $(VENV)/.dev ## what the type checker says
	@$(BIN)/mypy

format: $(VENV)/.dev ## lay the code out
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: $(VENV)/.dev ## choose versions anew
	@sh requirements/lock.sh $(BIN)/uv

clean: ## remove everything that make made, the demo's data included
	@rm -rf $(VENV) demo-data bench/.cache
