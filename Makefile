# make demo   set up, get the plays of Shakespeare, train for two minutes, show samples
# make demo-series   the same with a table: a year of weather, and a report on what is written
# make test   set up, run the tests          make check  style, types, import order
# make soak   many kills, faults and mutated files   make bench  the tables of the README (TEXT=file)
# make docs   the documentation as a site, in build/site; a dead link fails
# make clean  remove what make made (not your runs)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo demo-series test check docs soak bench golden clean

help:
	@sed -n 's/^# //p' Makefile

# The environment is made without ensurepip (Debian packs it apart) and filled by the pip outside.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv --without-pip --clear $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check \
	  --no-deps -r requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	@$(BIN)/python -m serinette.cli.demo

demo-series: $(READY)
	@$(BIN)/python -m serinette.cli.demo series

# One thread a worker: two workers whose products wait for each other's threads take twice as long.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term -m "not soak"

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(READY)
	$(BIN)/python -m pytest -q tests/cli --update-golden

# Sphinx has an environment of its own, so that neither tests nor users need it.
DOCS_VENV := .venv-docs
DOCS_READY := $(DOCS_VENV)/.ready

$(DOCS_READY): docs/site/requirements.lock
	$(PYTHON) -m venv --without-pip --clear $(DOCS_VENV)
	$(PYTHON) -m pip --python $(DOCS_VENV)/bin/python install --quiet --disable-pip-version-check \
	  --no-deps -r docs/site/requirements.lock
	@touch $@

docs: $(READY) $(DOCS_READY)
	$(BIN)/python docs/build_site.py build/site-source
	$(DOCS_VENV)/bin/python -m sphinx -W --keep-going -q -E -b html build/site-source build/site
	@echo build/site/index.html

soak: $(READY)
	$(BIN)/python -m pytest -m soak
	$(BIN)/python benchmarks/crash.py --out benchmarks/results/crash.md
	$(BIN)/python benchmarks/fuzz.py --state build/fuzz.json --out benchmarks/results/fuzz.md

# TEXT is tiny Shakespeare (karpathy/char-rnn, data/tinyshakespeare/input.txt); it is not part of this repository.
TEXT ?= data/tiny-shakespeare.txt
# CAPTIONS holds Texygen's captions and samples (benchmarks/texygen.py says where they come from).
CAPTIONS ?= data/captions
# MODEL is any trained model whose training data are in place.
MODEL ?= runs/demo/model
# VERSE is a trained model of verse, TANG its data, SOUNDS holds another table of tones and rhymes
# (benchmarks/verse_forms.py says where it comes from).
VERSE ?= runs/tang/model
TANG ?= data/tang.json
SOUNDS ?= data/sounds

bench: $(READY)
	$(BIN)/python benchmarks/framings.py --out benchmarks/results/framings.md
	$(BIN)/python benchmarks/throughput.py --out benchmarks/results/throughput.md
	$(BIN)/python benchmarks/decoding.py --out benchmarks/results/decoding.md
	$(BIN)/python benchmarks/startup.py --out benchmarks/results/startup.md
	$(BIN)/python benchmarks/learning.py --text $(TEXT) --out benchmarks/results/learning.md
	$(BIN)/python benchmarks/fine_tuning.py --model $(MODEL) --out benchmarks/results/fine-tuning.md
	$(BIN)/python benchmarks/texygen.py --captions $(CAPTIONS) --out benchmarks/results/texygen.md
	$(BIN)/python benchmarks/explain.py --model $(MODEL) --out benchmarks/results/explain.md
	$(BIN)/python benchmarks/evaluation.py --model $(MODEL) --out benchmarks/results/evaluation.md
	$(BIN)/python benchmarks/verse_model.py --model $(VERSE) --data $(TANG) --out benchmarks/results/verse-model.md
	$(BIN)/python benchmarks/verse_forms.py --model $(VERSE) --data $(TANG) --second-table $(SOUNDS) --out benchmarks/results/verse-forms.md
	$(BIN)/python benchmarks/verse_speed.py --model $(VERSE) --out benchmarks/results/verse-speed.md
	$(BIN)/python benchmarks/rules_on_text.py --out benchmarks/results/rules-on-text.md
	$(BIN)/python benchmarks/readme.py

clean:
	rm -rf $(VENV) $(DOCS_VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
