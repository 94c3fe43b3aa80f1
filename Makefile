# The project's tasks. `make` or `make help` lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

VENV := .venv
BIN := $(VENV)/bin
# A lock that holds for every platform and Python from here on, and never names the index it was resolved from.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# Material for MkDocs warns of the next MkDocs, which the lock keeps out.
MKDOCS := env NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs

# Most of a test's time is waiting for Kafka, so that three processes keep two cores busy.
TEST_PROCESSES ?= 3

.PHONY: reference help setup demo test check bench soak soak-web image-rehearsal image-trial screenshots chaos study-alerts study-analytics study-lifecycle simulate-scale audit sbom coverage release docs format contract lock dev-up dev-down dev-status clean

help: ## List the targets
	@echo 'Usage: make TARGET [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv and .env, fetch and verify Kafka and the chart script (fast when nothing changed)
	@scripts/dev/bootstrap.sh

demo: ## Replay 14,018 Bundesliga matches through real Kafka, live in the browser (ARGS="--once --fresh")
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m stream_app demo $(ARGS)

test: ## Run every test, on real Kafka, PostgreSQL and Chromium (ARGS="-n 0 -k elo" runs a part in one process)
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## Lint, format, types, direction of imports, documents, security rules, known vulnerabilities
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml stream_app scripts
	@$(MKDOCS) build --quiet
	@$(BIN)/python -m scripts.dev.audit --if-reachable

bench: ## Measure everything and write docs/performance.md; takes a quarter of an hour and wants the machine for itself
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m tests.bench.performance --write
	@$(BIN)/python -m tests.bench.guarantee
	@$(BIN)/python -m tests.bench.models
	@$(BIN)/python -m tests.bench.evaluation_log
	@$(BIN)/python -m tests.bench.live_view
	@$(BIN)/python -m tests.bench.gateway
	@$(BIN)/python -m tests.bench.feeds
	@$(BIN)/python -m tests.bench.command_line

soak-web: ## Flood the live view with 2,000 matches a second for five minutes (ARGS="--soak 60": an hour)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.bench.live_view --soak 5 $(ARGS)

soak: ## An hour of matches through the whole service: flat memory, nothing lost, nothing twice (ARGS="--minutes 60")
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.soak $(ARGS)

image-rehearsal: ## Run the build steps of the image without Docker, and measure what would be in it
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python scripts/dev/image_rehearsal.py $(ARGS)

image-trial: ## Build the image with Podman and run the whole service from it (ARGS=--stand-in: without the base image)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m scripts.dev.image_trial $(ARGS)

screenshots: ## Take the pictures of the live view in docs/img on the running service (some minutes)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.e2e.screenshots $(ARGS)

chaos: ## Kill workers and broker under load, then check that every message counted once (ARGS="--kills 60 --seed 1")
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.chaos $(ARGS)

study-alerts: ## Measure false alarms and delays of the alerts and of simpler rules; takes minutes (ARGS="--streams 10")
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.studies.alerts $(ARGS)

study-analytics: ## Measure how often chance is suspected, and how soon planted defects are found (ARGS="--sequences 100")
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.studies.analytics $(ARGS)

study-lifecycle: ## Measure false promotions, how soon a better model is found and what mending mends (ARGS=--quick)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.studies.lifecycle $(ARGS)

simulate-scale: ## A thousand competitions and a million matches a day on 1 to 8 workers (ARGS=--write: into docs/scaling.md)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(BIN)/python -m tests.studies.scale $(ARGS)

audit: ## Ask for known vulnerabilities of all locked packages (ARGS="--service pypi" asks the index)
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m scripts.dev.audit $(ARGS)

sbom: ## Write what a release is made of into dist/sbom.cdx.json (CycloneDX)
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m scripts.dev.sbom

coverage: ## Run every test and count lines and branches (ARGS as for test); about twice as long
	@scripts/dev/bootstrap.sh --quiet
	@rm -rf .coverage && mkdir .coverage
	@$(BIN)/coverage run -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS); $(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

release: check ## Set the version, tag it and build wheel, sdist, bill of materials and image (VERSION=1.2.0)
	@$(BIN)/python -m scripts.dev.release "$(VERSION)"

docs: ## Serve the documents for reading, anew with every change (ARGS="-a 127.0.0.1:8001" at another place)
	@scripts/dev/bootstrap.sh --quiet
	@exec $(MKDOCS) serve $(ARGS)

format: ## Format the code and put the imports in order
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/ruff check --select I --fix
	@$(BIN)/ruff format

reference: ## Render docs/command-line.md anew from what the commands say of themselves
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m stream_app.cli.reference

contract: ## Put messages of a run into schemas/asyncapi.yaml and render docs/topics.md from it
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m stream_app.dev.contract --examples

lock: ## Resolve the dependencies of pyproject.toml anew into requirements/ (ARGS=--upgrade for the newest)
	@test -x $(BIN)/uv || scripts/dev/bootstrap.sh --quiet
	@$(UV_COMPILE) $(ARGS) pyproject.toml --extra local --extra dev -o requirements/dev.txt
	@$(UV_COMPILE) $(ARGS) pyproject.toml --extra datasets -c requirements/dev.txt -o requirements/runtime.txt
	@$(UV_COMPILE) $(ARGS) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	@$(UV_COMPILE) $(ARGS) requirements/uv.in -o requirements/uv.txt
	@$(BIN)/python -m stream_app dev lock

dev-up: ## Kafka and PostgreSQL for work by hand, in the background
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m stream_app dev up --detach $(ARGS)

dev-down: ## Stop them
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m stream_app dev down $(ARGS)

dev-status: ## Say whether they run, and where
	@scripts/dev/bootstrap.sh --quiet
	@$(BIN)/python -m stream_app dev status $(ARGS)

clean: ## Remove the virtual environment, caches and the data of the demo and of the local stack
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m stream_app dev down || true; fi
	rm -rf $(VENV) .demo .dev dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage \
		stream_app/web/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
