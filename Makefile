# Needs Linux, make and Python 3.10 to 3.13 (PYTHON=python3.11 picks another). Everything goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
COMMA := ,
EXTRAS := serving,spacy,annotation,distributed,dev
DEMO := runs/demo
MIN_SCORE ?= 0.5
PORT ?= 8501
# Puts the checkout on an environment's path: with setuptools' finder alone, a folder called jner_re, such as the
# checkout itself, would hide the package from a script beside it.
ON_PATH = $(1)/python -c 'import os, pathlib, sysconfig; \
	pathlib.Path(sysconfig.get_path("purelib"), "jner_re_checkout.pth").write_text(os.getcwd() + "\n")'
# Says nothing but errors.
INSTALL = $(1)/pip --disable-pip-version-check install -qq --no-warn-script-location

.PHONY: help venv demo serve results test test-current lint bench faults compatibility annotation-test clean
help:
	@echo "make demo           train on the sample corpus, evaluate, and extract from three sentences"
	@echo "make serve          export the demo's model and serve it on this computer, with a page to try it"
	@echo "make venv           .venv with every extra"
	@echo "make results        the tables of results/, and whether docs/results.md is what its records say"
	@echo "make test           the tests"
	@echo "make test-current   the tests with TensorFlow 2.21, which Python 3.12 and later have, on this Python"
	@echo "make lint           ruff and mypy"
	@echo "make bench          the benchmarks"
	@echo "make faults         kills, full disks, bad requests and damaged files, two hours of them (docs/reliability.md)"
	@echo "make annotation-test  Label Studio itself with the backend, which is installed: needs Debian's chromium"
	@echo "make compatibility  whether an export of either stack answers alike in every TensorFlow, which are installed"

.venv/made:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 10) <= v <= (3, 13) and \
	"error: %s is Python %d.%d, expected 3.10 to 3.13: make PYTHON=python3.13" % (sys.executable, *v))'
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@$(call INSTALL,$(BIN)) --upgrade pip
	@touch $@

.venv/demo-installed: .venv/made setup.cfg setup.py pyproject.toml
	@echo "Installing jner_re and TensorFlow in .venv: 1.8 GB, some minutes"
	@$(call INSTALL,$(BIN)) --editable .
	@$(call ON_PATH,$(BIN))
	@touch $@

.venv/all-installed: .venv/made setup.cfg setup.py pyproject.toml
	@echo "Installing jner_re with $(EXTRAS) in .venv: some minutes"
	@$(call INSTALL,$(BIN)) --editable '.[$(EXTRAS)]'
	@$(call ON_PATH,$(BIN))
	@touch $@ .venv/serving-installed .venv/demo-installed

.venv/serving-installed: .venv/made setup.cfg setup.py pyproject.toml
	@echo "Installing jner_re with serving in .venv"
	@$(call INSTALL,$(BIN)) --editable '.[serving]'
	@$(call ON_PATH,$(BIN))
	@touch $@ .venv/demo-installed

venv: .venv/all-installed

demo: .venv/demo-installed
	@echo "Training on the sample corpus"
	@$(BIN)/python -m experiments.train --preset=sample --data_dir=sample --model_dir=$(DEMO)
	@echo
	@$(BIN)/python -m experiments.evaluate --model=$(DEMO) --corpus=sample --output=$(DEMO)/evaluation.json
	@echo
	@echo "What it finds in three sentences, with the probability that it gives to each relation:"
	@$(BIN)/python -m experiments.predict --model=$(DEMO) --output_format=text experiments/demo.txt
	@echo
	@echo "How sure to be: these numbers are the model's own. How many of 100 relations are right, the table says: P of RE, micro."
	@echo "That is for sentences like those it was trained on. On others it is often wrong, and no less sure."
	@echo
	@echo "TensorBoard:  $(BIN)/tensorboard --logdir $(DEMO)/logs"
	@echo "Your text:    echo 'Ada Berg lives in Oslo.' | $(BIN)/python -m experiments.predict --model=$(DEMO) --output_format=text"
	@echo "A page to try it: make serve"

$(DEMO)/config.json:
	$(MAKE) demo

exported/demo/made: .venv/serving-installed $(DEMO)/config.json
	$(BIN)/python -m export.saved_model --model=$(DEMO) --export_dir=exported/demo
	@touch $@

serve: exported/demo/made
	$(BIN)/python -m export.serve --model_base_path=exported/demo --rest_api_port=$(PORT)

results: .venv/demo-installed
	$(BIN)/python -m experiments.results --page=docs/results.md $(wildcard results/*)

test: .venv/all-installed
	$(BIN)/python -m pytest

# The requirements of Python 3.12 and later, which 3.10 and 3.11 can install, too.
.venv-current/all-installed: .venv/made setup.cfg setup.py pyproject.toml tests/current_stack.py
	@echo "Installing jner_re with TensorFlow 2.21 in .venv-current: some minutes"
	@test -x .venv-current/bin/pip || $(PYTHON) -m venv .venv-current
	@$(call INSTALL,.venv-current/bin) --upgrade pip
	@.venv-current/bin/python tests/current_stack.py $(subst $(COMMA), ,$(EXTRAS)) > .venv-current/requirements.txt
	@$(call INSTALL,.venv-current/bin) --requirement .venv-current/requirements.txt
	@$(call INSTALL,.venv-current/bin) --no-deps --editable .
	@$(call ON_PATH,.venv-current/bin)
	@touch $@

test-current: .venv-current/all-installed
	.venv-current/bin/python -m pytest

lint: .venv/all-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

faults: .venv/all-installed exported/demo/made
	$(BIN)/python -m benchmarks.faults.kills --program=train --kills=20
	$(BIN)/python -m benchmarks.faults.kills --program=trials --kills=6
	$(BIN)/python -m benchmarks.faults.kills --program=tune --kills=6
	$(BIN)/python -m benchmarks.faults.store --minutes=4
	$(BIN)/python -m benchmarks.faults.c_api --export=exported/demo/1 --minutes=5
	$(BIN)/python -m benchmarks.faults.fuzz --minutes=5 --model=$(DEMO)
	@if [ "$$(id -u)" = 0 ]; then \
		$(BIN)/python -m benchmarks.faults.machine --model=$(DEMO) && \
		$(BIN)/python -m benchmarks.faults.cluster --model=exported/demo/1; \
		else echo "As root, for volumes and hosts: $(BIN)/python -m benchmarks.faults.machine --model=$(DEMO)," \
			"and benchmarks.faults.cluster --model=exported/demo/1"; fi
	$(BIN)/python -m benchmarks.faults.server --export=exported/demo/1 --minutes=10

bench: .venv/all-installed
	@test -f $(or $(MODEL_DIR),$(DEMO))/config.json || $(MAKE) demo
	$(BIN)/python -m benchmarks.extraction.calls --model=$(or $(MODEL_DIR),$(DEMO))
	$(BIN)/python -m benchmarks.serving.stages --model=$(or $(MODEL_DIR),$(DEMO))
	$(BIN)/python -m benchmarks.training.speed --data_dir=$(or $(DATA_DIR),sample) --torch_python=$(TORCH_PYTHON)
	$(BIN)/python -m benchmarks.training.growth --preset=ade --encoder=random \
	  --corpus=$(if $(DATA_DIR),$(DATA_DIR)/train.json,sample)
	$(BIN)/python -m benchmarks.training.parallel_jobs --preset=sample

# TensorFlow Serving links the ops of TensorFlow Text 2.12.1. Its wheels are for Python 3.8 to 3.11.
.venv-tf-2.12/installed:
	@echo "Installing TensorFlow 2.12 in .venv-tf-2.12"
	@$(PYTHON) -m venv .venv-tf-2.12
	@$(call INSTALL,.venv-tf-2.12/bin) tensorflow-cpu==2.12.1 tensorflow-text==2.12.1
	@touch $@

# An export of each stack answers alike in TensorFlow 2.12, 2.15 and 2.21, for which Python has to be 3.10 or 3.11.
compatibility: .venv/all-installed .venv-current/all-installed .venv-tf-2.12/installed
	@test -f $(or $(MODEL_DIR),$(DEMO))/config.json || $(MAKE) demo
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	for stack in .venv .venv-current; do \
	  $$stack/bin/python -m export.saved_model --model=$(or $(MODEL_DIR),$(DEMO)) --export_dir="$$folder/$$stack" \
	    --min_score=$(MIN_SCORE) && \
	  $(BIN)/python tests/serving/compare.py "$$folder/$$stack/1" $(MIN_SCORE) .venv-tf-2.12/bin/python \
	    .venv-current/bin/python || exit 1; \
	done

.venv-label-studio/installed:
	@echo "Installing Label Studio in .venv-label-studio: 1 GB, some minutes"
	@$(PYTHON) -m venv .venv-label-studio
	@$(call INSTALL,.venv-label-studio/bin) label-studio==1.23.*
	@touch $@

# Label Studio itself with the backend, looked at with Debian's chromium.
annotation-test: .venv/all-installed .venv-label-studio/installed
	@test -f $(or $(MODEL_DIR),$(DEMO))/config.json || $(MAKE) demo
	$(BIN)/python tests/annotation/trial.py --model=$(or $(MODEL_DIR),$(DEMO)) \
	  --label_studio=.venv-label-studio/bin/label-studio $(if $(SCREENSHOT),--screenshot=$(SCREENSHOT))

clean:
	rm -rf .venv .venv-current .venv-tf-2.12 .venv-label-studio build *.egg-info
