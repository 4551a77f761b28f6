# One place for every task. `make run` and `make test` set everything up by themselves.

VENV := .venv
BIN := $(VENV)/bin
# The first Python that is new enough, one for which all packages come built before a newer one;
# name another with `make PYTHON=/path/to/python3 ...`.
is_python = $(shell $(1) -c 'import sys; sys.exit(not $(2))' 2>/dev/null && echo $(1))
PYTHON ?= $(firstword \
	$(foreach name,python3 python3.13 python3.12 python3.11,\
	  $(call is_python,$(name),(3, 11) <= sys.version_info < (3, 14))) \
	$(foreach name,python3 python3.14,$(call is_python,$(name),sys.version_info >= (3, 14))))
# By files on all cores: tests of one file share what was made for them.
SIDE_BY_SIDE := -n auto --maxprocesses 8 --dist loadfile
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e
PINS := pyproject.toml constraints.txt

# Where this is set, as in many containers, each of the tests' hundreds of processes would compile
# the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run trainer test test-slow test-stress coverage check format model bench clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

run: $(VENV)/.with-base ## Set up what is missing and open the window
	@$(BIN)/python -m kdh_desktop

trainer: $(VENV)/.with-train ## Set up what the administrator's training needs, beside the program

test: $(VENV)/.with-dev ## Set up what is missing and run the tests (PYTEST="-k words" narrows them)
	@$(BIN)/python -m kdh_desktop.prerequisites offscreen
	$(BIN)/python -m pytest -m "not slow and not stress" $(SIDE_BY_SIDE) $(PYTEST)

test-slow: $(VENV)/.with-dev ## Run the tests that train whole models or watch whole trips
	$(BIN)/python -m pytest -m "slow and not stress" $(SIDE_BY_SIDE) $(PYTEST)

test-stress: $(VENV)/.with-dev ## Run the tests that take minutes each, one after the other
	$(BIN)/python -m pytest -m stress $(PYTEST)

coverage: $(VENV)/.with-dev ## Run the tests and list the lines that none of them reaches
	$(BIN)/python -m pytest -m "not stress" $(SIDE_BY_SIDE) --cov --cov-report=term-missing:skip-covered $(PYTEST)

check: $(VENV)/.with-dev ## Formatting, lints, types and the rule of dependence
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/core/test_import_rule.py

format: $(VENV)/.with-dev ## Put the code into the one format and repair what ruff can repair
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

RECIPE ?= resources/model.recipe.json
LISTS ?= train.txt
JUDGE ?= dev.txt
# CORPUS   folder of the labelled corpus (needed)
# TRANSFER file of unlabelled texts (JSON lines); without it only the corpus is distilled on
# WORK     folder for checkpoints; name it again and a run that was stopped goes on
# OUT      folder to write the bundle to (resources/model)
# RECIPE   what to train (resources/model.recipe.json)
# LISTS    the corpus's lists of texts to train on (train.txt)
# JUDGE    its list of texts to be judged on (dev.txt); empty where folds are to judge alone
# ENCODER  folder of the base encoder to begin from (resources/encoder)
# TEACHER  folder of a finished model that teaches, where the recipe says so (none)
# JOBS     networks to train side by side (1; a large GPU takes a dozen)
# KEY      private key to sign with; without it a pair is made, and you are told where it lies
model: corpus-is-named $(VENV)/.with-train ## Train and distil the bundled model: make model CORPUS=FOLDER
	$(BIN)/kdh-trainer run "$(RECIPE)" --corpus $(foreach list,$(LISTS),"$(CORPUS)/$(list)") \
	  $(if $(JUDGE),--judge "$(CORPUS)/$(JUDGE)") $(if $(ENCODER),--encoder "$(ENCODER)") \
	  $(if $(TEACHER),--teacher "$(TEACHER)") \
	  $(if $(TRANSFER),--transfer "$(TRANSFER)") $(if $(WORK),--work "$(WORK)") \
	  --out "$(or $(OUT),resources/model)" --public-keys resources/keys \
	  $(if $(KEY),--key "$(KEY)") $(if $(JOBS),--jobs "$(JOBS)")

.PHONY: corpus-is-named
corpus-is-named:
	@test -d "$(CORPUS)" || { \
	  echo "Name the folder of the corpus: make model CORPUS=/path/to/hoc" >&2; exit 2; }

bench: $(VENV)/.with-dev ## Measure speed and memory: against PyTorch, of whole files, of a large store
	$(BIN)/kdh-trainer bench
	$(BIN)/kdh-trainer bench --bulk
	$(BIN)/kdh-trainer bench --records

clean: ## Delete the environment and everything that can be made again
	rm -rf $(VENV) build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Set-up. Each stamp stands for one set of packages and is older than the pins when they change.

# An environment whose Python is gone, as after an upgrade of the system, is made anew. Here, since
# a rule would be too late: its stamps would count as fresh.
$(shell test -x $(BIN)/python || rm -rf $(VENV))

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "KDH Desktop needs Python 3.11 or later, and this machine has \
	none: install one and run make again." >&2; exit 2; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -c 'import pip, venv' 2>/dev/null; then \
	  $(PYTHON) -m venv --without-pip $(VENV) && \
	    $(PYTHON) -m pip --python $(BIN)/python install -q pip || { rm -rf $(VENV); exit 1; }; \
	else \
	  echo "Python cannot make a virtual environment here; on Debian or Ubuntu this repairs it:" \
	    "sudo apt install python3-venv" \
	    "$$($(PYTHON) -m kdh_desktop.prerequisites --packages xcb)" >&2; exit 2; \
	fi

$(VENV)/.with-base: $(PINS) | $(BIN)/python
	@echo "Setting up the program. This needs the network once, and takes a minute or two."
	@$(INSTALL) .
	@touch $@

$(VENV)/.with-train: $(PINS) | $(BIN)/python
	@echo "Setting up what training needs: some hundred megabytes, or gigabytes with a GPU."
	@$(INSTALL) '.[train]'
	@touch $@ $(VENV)/.with-base

$(VENV)/.with-dev: $(PINS) | $(BIN)/python
	@echo "Setting up the program, the trainer and the tools. This needs the network once, for" \
	  "some hundred megabytes; on Linux the usual index gives torch for GPUs, of gigabytes."
	@$(INSTALL) '.[train,dev]'
	@touch $@ $(VENV)/.with-base $(VENV)/.with-train
