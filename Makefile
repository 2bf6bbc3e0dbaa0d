# SPDX-License-Identifier: EUPL-1.2
# Every task of the project by one name; `make help` lists them. CI calls the same ones.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
BIN := .venv/bin
UP ?=

.PHONY: help setup setup-dev up test unit check format docs reference lock wheel changelog clean

help: ## List the tasks
	@awk 'BEGIN { FS = ":.*## " } /^[a-z%-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv from the lock, and the pages' style and scripts
	@scripts/setup run

setup-dev:
	@scripts/setup dev

up: setup ## Start Aralia, the made-up country, here (options: make up UP="--port 8001")
	@exec $(BIN)/flagstone up $(UP)

test: setup-dev ## Install what the tests need and run all of them
	@scripts/test

unit: setup-dev ## Run the quick tests only: no browser, no PostgreSQL, nothing slow
	@$(BIN)/pytest -q -n 2 -m "not browser and not postgresql and not slow"

check: setup-dev ## Check format, lint, types, import contracts, dependencies and documents
	@scripts/check

format: setup-dev ## Write the source in the one format, and mend what lint can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: setup-dev ## Build the documentation into docs/_build/html
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

reference: setup-dev ## Write docs/reference again from the code
	@$(BIN)/python scripts/write_reference.py

bench-%: setup-dev ## Run one benchmark by name: make bench-storage, make bench-start
	@$(BIN)/python bench/$*.py

lock: setup-dev ## Choose the versions of all dependencies anew
	@scripts/lock

wheel: setup-dev ## Build the wheel and the source archive into dist/
	@scripts/wheel

changelog: ## Join the fragments of changelog.d under a new version: make changelog VERSION=0.2.0
	@python3 scripts/changelog.py "$(VERSION)"

clean: ## Remove what was built; data and .venv stay
	@rm -rf dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find src countries tests -name __pycache__ -type d -prune -exec rm -rf {} +
