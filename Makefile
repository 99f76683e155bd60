# Nightowl's commands. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install up down test e2e check audit format bench

UV_REQUIREMENT := infra/toolchain/uv.txt
VENV := .venv
UV := $(VENV)/bin/uv
RUN := $(VENV)/bin/
# One more than the processors that are counted on, as some tests wait for programs.
TEST_WORKERS ?= 3
# A test that the timeout of pytest could not end, as it waits again while it cleans up, fails with its process.
NO_HANG := -o faulthandler_exit_on_timeout=true
# The first that runs and is new enough; a shim of a version that is not installed exists and fails.
FIND_PYTHON := for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && break; \
	python=; done; test -n "$$python" || { echo "nightowl needs Python 3.11 to 3.14 on PATH" >&2; exit 1; }
# Python keeps what it has compiled, whatever the shell says: the AWS SDK alone takes seconds to compile.
unexport PYTHONDONTWRITEBYTECODE

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is renewed when the lock changes, so that `make up` on an installed tree starts at once.
$(VENV)/installed: pyproject.toml uv.lock $(UV_REQUIREMENT)
	@test -x $(UV) || { $(FIND_PYTHON); $$python -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(UV_REQUIREMENT); }
	@$(UV) sync --locked --quiet
	@touch $@

install: $(VENV)/installed  ## Install Nightowl and its development tools into .venv

up: install  ## Run the sample apps on a Kubernetes control plane on this machine
	@$(RUN)nightowl local up

down: install  ## Remove the local cluster, its processes and its files
	@$(RUN)nightowl local down

test: install  ## Run everything that needs no toolchain
	@$(RUN)python -m pytest -p tests.rare_garbage -p tests.longest_first $(NO_HANG) -o faulthandler_timeout=300 -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --ignore tests/e2e

e2e: install  ## Prove the stack on a real local cluster
	@$(RUN)pytest $(NO_HANG) -o faulthandler_timeout=1200 -n 2 -m e2e tests/e2e

bench: install  ## Measure the local platform on this machine
	@$(RUN)nightowl local bench

audit: install  ## Check the stacks and the workflows with tools of others
	@UV_PROJECT_ENVIRONMENT=$(VENV)/audit $(UV) sync --locked --only-group audit --quiet
	@$(RUN)python -m tests.audit --tools $(VENV)/audit/bin

check: install  ## Lint, format, types, lock file and documentation
	@$(RUN)ruff check .
	@$(RUN)ruff format --check .
	@$(RUN)pyright
	@$(UV) lock --check --quiet
	@$(RUN)pytest -q tests/test_docs.py

format: install  ## Format the code and fix what the linter can fix
	@$(RUN)ruff check --fix .
	@$(RUN)ruff format .
