# Amends: `make run` starts it, `make test` tests it, `make help` names the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python

# Asked from the environment or the command line: PORT=9000 make run
HOST ?= 127.0.0.1
PORT ?= 8000
VAR_DIR ?= var
export HOST PORT VAR_DIR
# Every program started would compile all of ours again, and the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

PIP := $(PY) -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
PYTEST := $(PY) -m pytest
SUITE := tests --ignore=tests/browser --numprocesses=$(WORKERS) --dist=worksteal
ON_SQLITE := env -u DATABASE_URL -u REDIS_URL EXPECT_VENDOR=sqlite
ON_SERVERS := env EXPECT_VENDOR=postgresql $(PY) -m tests.services --
STATIC := $(VAR_DIR)/static/staticfiles.json
SEED := $(wildcard */management/commands/seed_demo.py)
PAGES := $(shell find templates -name '*.html' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run demo test test-sqlite test-servers test-browser lint bench soak schema fuzz messages fmt install clean

help: ## What this file can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# --- Installing -------------------------------------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1). Set PYTHON=..."; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "No venv module (Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements.txt | $(PY)
	@echo "Installing what Amends needs"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.development: requirements.txt requirements-dev.txt | $(PY)
	@echo "Installing what tests and linters need"
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/.runtime $@

install: $(VENV)/.development ## Everything for working on Amends, into .venv

# --- Running ----------------------------------------------------------------------------------------------------

run: demo ## Start Amends with demo data on http://127.0.0.1:8000 (PORT, HOST); Ctrl-C stops it
	@$(PY) manage.py up

demo: $(VENV)/.runtime $(VAR_DIR)/secret_key $(STATIC)
	@$(PY) -m config.messages compile
	@$(PY) manage.py migrate --verbosity 0
	$(if $(SEED),@$(PY) manage.py seed_demo --once)

$(VAR_DIR)/secret_key: | $(VENV)/.runtime
	@$(PY) -m config.demo

# Again only when a static file, the joining of them or a package that brings some has changed.
$(STATIC): $(shell find static -type f 2>/dev/null) core/static.py requirements.txt | $(VENV)/.runtime $(VAR_DIR)/secret_key
	@echo "Collecting static files"
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

# --- Testing ----------------------------------------------------------------------------------------------------

test: ## The whole suite on SQLite, then on PostgreSQL and Redis, then in Chromium
	@$(MAKE) --no-print-directory test-sqlite
	@$(MAKE) --no-print-directory test-servers
	@$(MAKE) --no-print-directory test-browser

test-sqlite: $(VENV)/.development
	$(PY) -m config.messages compile
	$(ON_SQLITE) $(PYTEST) $(SUITE)

test-servers: $(VENV)/.development
	$(PY) -m config.messages compile
	$(ON_SERVERS) $(PYTEST) $(SUITE)

test-browser: $(VENV)/.development
	@$(PY) -m tests.chromium --install || [ "$$CI" != true ] || { echo "CI without Chromium"; exit 1; }
	$(PY) -m config.messages compile
	$(ON_SERVERS) $(PYTEST) tests/browser --numprocesses=$(WORKERS) --dist=worksteal

# --- Keeping it tidy --------------------------------------------------------------------------------------------

# `check --deploy` sees the settings of a real installation; nothing is connected to.
AS_DEPLOYED := env -u DEBUG -u SECRET_KEY_FILE SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
  BASE_URL=https://complaints.example.org ALLOWED_HOSTS=complaints.example.org EMAIL_URL=smtp://mail.example.org:587

lint: $(VENV)/.development ## ruff, mypy, djade, import-linter, migrations, check --deploy, messages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(if $(PAGES),$(BIN)/djade --check --target-version 5.2 $(PAGES))
	$(BIN)/lint-imports
	@mkdir -p $(VAR_DIR)
	$(AS_DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(AS_DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) -m config.messages check

fmt: $(VENV)/.development ## Format Python and templates, mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(if $(PAGES),-$(BIN)/djade --target-version 5.2 $(PAGES))

messages: $(VENV)/.development ## Texts of the source into locale/*.po (needs gettext), and .mo from them
	$(PY) -m config.messages extract
	$(PY) -m config.messages compile

# --- Measuring --------------------------------------------------------------------------------------------------

bench: $(VENV)/.development ## Our benchmarks on PostgreSQL and SQLite, text and JSON in var/bench/
	$(PY) -m config.messages compile
	$(PY) -m tests.services --durable -- $(PY) -m tests.bench

soak: $(VENV)/.development ## The long runs with faults
	$(PY) -m config.messages compile
	$(PY) -m tests.services --durable -- $(PY) -m tests.soak

schema: $(VENV)/.development ## The OpenAPI document anew, into docs/api/openapi.json
	$(PY) -m tests.schema

fuzz: $(VENV)/.development ## schemathesis over the whole API: 100,000 requests (REQUESTS, SEED)
	$(ON_SQLITE) $(PY) -m tests.fuzz --requests $(or $(REQUESTS),100000) --seed $(or $(SEED),1)

clean: ## Delete caches (not var/, where the data is)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
