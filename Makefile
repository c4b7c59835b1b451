# `make demo` and `make test` set up all they need in .venv. Any of it without make: see README.md.
#   make setup LOCKED=1      with the versions of requirements.lock: docs/upgrading.md
#   make setup TORCH=cuda    torch with CUDA, where make sees no GPU
#   make prove WHOLE=1       all of what `make prove` tries a part of: hours, before a release
#   make release-zip ASSIGNMENTS="seq2seq mina"

PYTHON ?= python3
TORCH ?= auto
BIN := .venv/bin
SET_UP := .venv/.set-up
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install $(if $(LOCKED),-c requirements.lock)

$(if $(filter auto cuda,$(TORCH)),,$(error TORCH is auto or cuda, not $(TORCH)))

# nbgrader calls its helpers (alembic, jupyter) by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Tests start Python some hundred times: what is compiled is kept, in containers that say otherwise, too.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup build lint test prove demo release-zip site lock clean asked-for

setup: $(SET_UP)

# For Linux, PyPI's torch brings gigabytes of CUDA; PyTorch's own index has a build without.
CPU_INDEX := https://download.pytorch.org/whl/cpu
TORCH_RANGE := $(shell grep '^torch[<>=~!]' requirements.txt)
HAS_GPU := { ls /dev/nvidia* >/dev/null 2>&1 || command -v nvidia-smi >/dev/null; }
HAS_TORCH := $(INSTALL) -qq --dry-run --no-index --no-deps '$(TORCH_RANGE)' 2>/dev/null
# pip itself would try for minutes.
GET := from urllib.request import Request, urlopen; urlopen(Request("$(CPU_INDEX)/torch/", headers={"User-Agent": "pip"}))
IN_REACH := timeout 5 $(BIN)/python -c '$(GET)' 2>/dev/null

# What is asked for on the command line is done, whatever was set up before. Where .venv is a link, venv wants its target.
$(SET_UP): requirements.txt $(wildcard packages/*/pyproject.toml) $(if $(LOCKED)$(TORCH:auto=),requirements.lock asked-for)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=<path>")'
	test -x $(BIN)/python || $(PYTHON) -m venv '$(or $(realpath .venv),.venv)'
ifeq ($(TORCH),cuda)
	@! $(PIP) freeze | grep -q '^torch==.*+cpu' || $(PIP) uninstall --yes torch
else
	@[ "$$(uname)" != Linux ] || $(HAS_GPU) || $(HAS_TORCH) \
	|| { $(IN_REACH) && $(INSTALL) --no-deps --index-url $(CPU_INDEX) '$(TORCH_RANGE)'; } \
	|| echo "No torch from $(CPU_INDEX): pip gets it where it gets the rest, perhaps with gigabytes of CUDA."
endif
	$(INSTALL) -r requirements.txt
	touch $@

build: setup
	$(BIN)/python -m proctor.authoring.build

lint: setup
	$(BIN)/ruff check .
	$(BIN)/lint-imports

test: setup
	$(BIN)/python -m pytest -n auto

prove: setup
	$(BIN)/python -m pytest -n auto --dist worksteal -m prove $(if $(WHOLE),--whole)

demo: build
	$(BIN)/proctor demo $(or $(ASSIGNMENTS),seq2seq)

release-zip: setup
	$(BIN)/python -m proctor.authoring.build --zip $(ASSIGNMENTS)

# The site's packages have a .venv of their own: what grades stays as it is.
.venv-site/.set-up: docs/site/requirements.txt
	test -x .venv-site/bin/python || $(PYTHON) -m venv .venv-site
	.venv-site/bin/python -m pip --disable-pip-version-check install -q -r $<
	touch $@

site: setup .venv-site/.set-up
	NO_MKDOCS_2_WARNING=1 .venv-site/bin/mkdocs build --strict
	$(BIN)/python -m proctor.authoring.published dist/site

# What .venv holds. Not which build of torch: that depends on the machine.
lock: setup
	@echo "# The versions of one set-up of the course, on $$(uname) with $$($(BIN)/python -V)." > requirements.new
	@echo "# 'make lock' writes them anew, from what .venv holds; 'make setup LOCKED=1' installs them." >> requirements.new
	$(PIP) freeze --all --exclude pip --exclude-editable | sed 's/+.*//' >> requirements.new
	mv requirements.new requirements.lock

# What nbgrader and the tools make anew; the class's submissions and grades stay.
clean:
	rm -rf dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*/*' -prune -exec rm -rf {} +
