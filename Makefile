# Two commands do everything: `make demo` and `make test`. They need Python 3.10 or newer with venv, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
FRAMEWORKS := $(VENV)/frameworks

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help demo test lint unit kernel cases property fuzz conform container interpreters bench bench-serving lock clean

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: $(READY)  ## the main job on a real notebook: export, build, run, test, ask
	@$(BIN)/python dev/demo.py

test: lint unit kernel cases property container interpreters  ## every tier that this machine can run

lint: $(READY)  ## types, style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(READY)  ## pure parts, and real processes without a kernel
	$(BIN)/python -m pytest tests/unit -n 2

kernel: $(READY)  ## magics and notebooks in real kernels
	$(BIN)/python -m pytest tests/kernel -n 2

cases: $(FRAMEWORKS)  ## a folder per case: a notebook, what must become of it, checked on the running service
	$(BIN)/python -m pytest tests/cases -n 2 --dist loadgroup

property: $(READY)  ## generated notebooks: kernel and service agree, or the notebook is refused
	$(BIN)/python -m pytest tests/property -n 2

N ?= 2000
SEED ?= 0
fuzz: $(READY)  ## the same for very many notebooks: make fuzz N=2000 SEED=1
	$(BIN)/python tests/property/fuzz.py $(N) --seed $(SEED)

CASES ?= 20000
conform: $(READY)  ## the example services asked all that OpenAPI allows and more: make conform CASES=20000
	$(BIN)/python tests/kernel/conform.py --cases $$(( $(CASES) / 4 + 250 )) --seed $(SEED)

container: $(READY)  ## images in a real Docker engine (skipped, with the reason, where there is none)
	$(BIN)/python -m pytest tests/container

interpreters: $(READY)  ## the unit, kernel and property tiers on every other Python of this machine
	$(BIN)/python dev/interpreters.py

bench: $(READY)  ## the figures, measured on this machine
	$(BIN)/python bench/notebook.py
	$(BIN)/python bench/scale.py
	$(BIN)/nb2svc export example_notebooks/iris.ipynb -o .demo/iris --quiet
	$(BIN)/python bench/image/compare.py .demo/iris

bench-serving: $(READY)  ## our services against other ways to serve the same models, side by side (15 minutes)
	$(BIN)/python bench/serving

lock: $(READY)  ## resolve the requirements-*.txt anew
	$(LOCK) pyproject.toml --group dev -o requirements-dev.txt
	$(LOCK) --group frameworks -c requirements-dev.txt -o requirements-frameworks.txt
	$(LOCK) --group clients -c requirements-dev.txt -o requirements-clients.txt
	$(LOCK) --group stores -o requirements-stores.txt

clean:  ## remove what make made
	rm -rf $(VENV) .venv-* .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	    || { echo 'nb2svc needs Python 3.10 or newer; choose one: make PYTHON=python3.12 …' >&2; exit 2; }
	$(PYTHON) dev/environment.py $(VENV)
	@touch $@

# Large, so only where they are needed: light commands stay light.
$(FRAMEWORKS): requirements-frameworks.txt $(READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-frameworks.txt
	@touch $@
