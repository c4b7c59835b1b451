# `make demo` and `make test` set up all they need in .venv. Any of it without make: see README.md.

PYTHON ?= python3
BIN := .venv/bin
SET_UP := .venv/.set-up

# nbgrader calls its helpers (alembic, jupyter) by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup build lint test demo release-zip clean

setup: $(SET_UP)

$(SET_UP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=<path>")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

build: setup
	$(BIN)/python -m proctor.build

lint: setup
	$(BIN)/ruff check .

test: setup
	$(BIN)/python -m pytest -n auto

demo: build
	$(BIN)/proctor demo

release-zip: setup
	$(BIN)/python -m proctor.build --zip

# What nbgrader and the tools make anew; the class's submissions and grades stay.
clean:
	rm -rf dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
