# make run    environment, then the legal suite on this machine, then where the reports are
# make test   environment, then lint, types and tests
# make env    the environment alone, from the pinned lock
# make interop  beside it, the readers of other tools that tests open exports with
# make qlora    beside it, what a base in 4 bits takes, for its tests
#
# PYTHON       the interpreter to build the environment with (3.11)
# VENV         where the environment goes
# SUITE        the suite that `make run` runs
# TORCH_INDEX  where your registry offers only CUDA builds of torch, PyTorch's own CPU index:
#              make env TORCH_INDEX=https://download.pytorch.org/whl/cpu

PYTHON ?= python3.11
VENV ?= .venv
SUITE ?= suites/legal
TORCH_INDEX ?=
BIN = $(VENV)/bin
# the wheels' own dependencies are pinned in the lock; some of them must stay out (see there)
PIP = $(if $(TORCH_INDEX),PIP_EXTRA_INDEX_URL=$(TORCH_INDEX)) $(BIN)/python -m pip install \
      --quiet --no-deps --disable-pip-version-check

.PHONY: run test env interop qlora lint types check clean

run: env
	@$(BIN)/bench run $(SUITE); code=$$?; \
	case $$code in \
	  0) ;; \
	  1|4) echo "the run is complete; its gate says: do not ship yet (bench exit code $$code)";; \
	  *) exit $$code;; \
	esac

test: env interop qlora lint types
	$(BIN)/python -m pytest

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

env: $(VENV)/ready

$(VENV)/ready: locks/cpu.txt pyproject.toml
	@echo "installing the environment into $(VENV) (about 4 GB, minutes)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r locks/cpu.txt
	$(PIP) --no-build-isolation --editable .
	@touch $@

interop: $(VENV)/interop/ready

$(VENV)/interop/ready: locks/interop.txt | $(VENV)/ready
	rm -rf $(VENV)/interop
	$(PIP) --target $(VENV)/interop -r locks/interop.txt
	@touch $@

qlora: $(VENV)/qlora/ready

$(VENV)/qlora/ready: locks/qlora.txt | $(VENV)/ready
	rm -rf $(VENV)/qlora
	$(PIP) --target $(VENV)/qlora -r locks/qlora.txt
	@touch $@

clean:
	rm -rf $(VENV) .bench build *.egg-info
