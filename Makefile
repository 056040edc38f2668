# The verbs of this repository. `make run` and `make test` need Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := engine actions rules tests tools benchmarks

# What is installed today is installed next year: every version stands in constraints.txt.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test lint types format docs wheel bench bench-check clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

run: .venv/.installed ## serve hookrules.yaml with rules/
	@$(BIN)/hookrules init 2>/dev/null || true
	@exec $(BIN)/hookrules serve

test: .venv/.developing .dev/hookrules ## run all tests
	$(BIN)/pytest -q

lint: .venv/.developing ## check the style
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: .venv/.developing .dev/hookrules ## check the types
	$(BIN)/mypy -p hookrules.engine -p hookrules.actions

format: .venv/.developing ## mend the style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: .venv/.developing ## write what docs/ say of the code's own facts
	$(BIN)/python tools/make_docs.py

wheel: .venv/.developing ## build the package into dist/
	rm -rf build dist
	$(BIN)/python -m build --wheel --outdir dist .

bench: .venv/.developing ## measure all that benchmarks/ measures, beside peers and limits; takes half an hour
	$(BIN)/python benchmarks/run_all.py

bench-check: .venv/.developing ## count the instructions of the hot path, and fail where it has become dearer
	$(BIN)/python benchmarks/regressions.py

clean: ## remove what make made
	rm -rf .venv .dev build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) tools/make_venv.py .venv

.venv/.installed: .venv/bin/python setup.cfg constraints.txt
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.developing: .venv/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# Type checkers and editors do not see an editable install of renamed folders; links they see.
.dev/hookrules:
	mkdir -p $@
	for folder in engine actions rules; do ln -sfn ../../$$folder $@/$$folder; done
