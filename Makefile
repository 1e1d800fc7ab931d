SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench

.PHONY: demo test test-loaded up down lint bench fit setup clean
.DEFAULT_GOAL := setup

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

system:
	@bash cluster/local/install_system.sh

demo: setup system
	@$(BIN)/python -m cluster.local.demo $(if $(VIDEO),'$(VIDEO)')

up: setup system
	@$(BIN)/scenestream up

down: setup
	@$(BIN)/scenestream down

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup system
	@bash cluster/local/install_system.sh chromium ffmpeg
	$(BIN)/python -m pytest -n 3 --dist loadfile $(TEST_ARGS)

# The same while two endless loops take the cores: shows tests that rely on being served in time.
test-loaded: setup
	@for loop in 1 2; do (while :; do :; done) & loops="$$loops $$!"; done; trap "kill $$loops" EXIT; $(MAKE) test

$(BENCH_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $@

bench: $(BENCH_STAMP)
	@bash cluster/local/install_system.sh ffmpeg
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

fit: setup
	$(BIN)/python -m tests.benchmarks.fit $(FIT_ARGS)

clean: down
	rm -rf var build *.egg-info
