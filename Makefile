# Set up, run, test. Each target makes the virtual environment that it needs.
# `make run OUT=folder` names the result's folder; by default it is named after the time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One thread for numpy: small products lose tenfold when threads compete. Torch has its own.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run test check bench format clean

run: $(READY)
	$(BIN)/grounding run $(if $(OUT),--out $(OUT))

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest
	$(BIN)/python tests/install_wheel.py

bench: $(READY)
	$(BIN)/grounding bench

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "grounding needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) dist build
