# make run     set everything up and start the demo township; a browser address is printed
# make test    set everything up, Debian packages too, and pass the tests
# make check   style, types, import directions, licences of the dependencies
# make bench   every benchmark, quick; `make bench-poll`, `make bench-load` ... one of them in full
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUICK ?=

.PHONY: help setup setup-dev run test check bench lock clean audit sbom licences api
help:
	@sed -n '1,4s/^# //p' Makefile

setup: $(VENV)/.run-ready
setup-dev: $(VENV)/.dev-ready

$(VENV)/.run-ready: requirements/run.lock pyproject.toml
	./scripts/setup.sh run
$(VENV)/.dev-ready: requirements/dev.lock pyproject.toml
	./scripts/setup.sh dev

run: setup
	@exec $(BIN)/camkeeper demo

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/camkeeper check config/cameras.yaml

test: setup-dev
	./scripts/debian-packages.sh --test
	./scripts/peer-ipycam.sh
	CAMKEEPER_REQUIRE_PEERS=1 $(BIN)/python -m pytest -n 2 --dist loadfile


# The table of addresses in docs/api.md, from the route table.
api: setup-dev
	$(BIN)/python -m camboard.openapi.markdown docs/api.md

# bench/bench_NAME.py is `make bench-NAME`.
bench: setup-dev
	@for program in bench/bench_*.py; do echo "== $$program"; $(BIN)/python $$program --quick || exit 1; done
bench-%: setup-dev
	$(BIN)/python bench/bench_$*.py $(QUICK)

audit: setup-dev
	$(BIN)/python scripts/audit.py

# The bill of materials of what is locked (CycloneDX), and the list of licences.
sbom: setup-dev
	$(BIN)/python scripts/supply.py sbom
licences: setup-dev
	$(BIN)/python scripts/supply.py licences

lock:
	./scripts/lock.sh

clean:
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
