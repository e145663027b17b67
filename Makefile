# bigask: `make` alone prints what each verb does.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: help setup setup-test run serve status test test-long mutate check assure pictures train-scrub format lock assets clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make .venv and install what running needs (seconds when nothing changed)

# uv installs in seconds where pip needs minutes: the system's, else the pinned one, else pip does it all.
$(VENV)/.ready: requirements.lock requirements-setup.lock pyproject.toml
	@rm -f $@ $(VENV)/.ready-test
	@python=$$(for p in python3.13 python3.12 python3.11 python3; do command -v $$p || true; done | while read -r p; do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo "$$p" && break; done || true); \
	[ -n "$$python" ] || { echo "Python 3.11, 3.12 or 3.13 is needed: apt-get install python3" >&2; exit 1; }; \
	if command -v uv >/dev/null; then \
	  [ -x $(BIN)/pip ] || uv venv --quiet --clear --seed --python "$$python" $(VENV); \
	elif [ ! -x $(BIN)/pip ]; then \
	  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
	    else echo "Python's venv module is missing: sudo apt-get install python3-venv" >&2; exit 1; fi; \
	  fi; \
	  "$$python" -m venv --clear $(VENV); \
	fi
	@echo "Installing the packages of requirements.lock"
	@command -v uv >/dev/null || $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-setup.lock
	@$(call install,requirements-setup.lock)
	@$(call install,requirements.lock)
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --no-deps --no-build-isolation --disable-pip-version-check -e .
	@touch $@

# $(call install,LOCK): install a lock file with hashes, by uv; by pip where there is no uv, or it is not let through to a registry.
uv_or_pip = $$(if command -v uv >/dev/null; then echo "uv pip install --quiet --python $(BIN)/python"; \
  elif [ -x $(BIN)/uv ]; then echo "$(BIN)/uv pip install --quiet --python $(BIN)/python"; \
  else echo "$(BIN)/pip install --quiet"; fi)
install = $(uv_or_pip) --no-deps --require-hashes -r $(1) || $(BIN)/pip install --quiet --no-deps --require-hashes -r $(1)

setup-test: $(VENV)/.ready-test
	@$(BIN)/python -m tests.needs

$(VENV)/.ready-test: $(VENV)/.ready requirements-dev.lock
	@$(call install,requirements-dev.lock)
	@touch $@

run: setup ## the main job: 2,000 simulated children, from question to released table
	@$(BIN)/bigask run

serve: setup ## open the three doors on this machine and print their addresses
	@$(BIN)/bigask serve

status: setup ## where every wave and release stands
	@$(BIN)/bigask status

test: setup setup-test ## every test but the long ones (under 15 minutes on 2 cores)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not long"

test-long: setup setup-test ## soaks, fuzzing and everything else that takes its time
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m long --timeout 3600

mutate: setup setup-test ## change disclosure/ in every small way, and see that a test notices (MODULES="disclosure/primary.py ...")
	@$(BIN)/python -m tests.mutation $(MODULES)

check: setup setup-test ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

assure: setup setup-test ## run the tests that the assessment's measures are bound to, and write evidence/ (after make run)
	@$(BIN)/bigask assure --for-approval --out evidence

pictures: setup setup-test ## take the README's pictures of this build (after make run)
	@$(BIN)/python -m tests.pictures

train-scrub: setup ## train the scrubber's networks anew on the invented answers in pipeline/data/scrub/training
	@$(BIN)/python -m pipeline.scrub.train

format: setup setup-test ## put the code into its one form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: ## resolve the newest versions into the lock files (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements.lock --group setup -o requirements-setup.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements.lock --group dev -o requirements-dev.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements.lock --group door -o requirements-door.lock
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -c requirements.lock --group bench -o requirements-bench.lock

clean: ## remove the environment and everything that runs have written
	@rm -rf $(VENV) var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
