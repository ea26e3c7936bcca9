# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS ?= runs

.DEFAULT_GOAL := help
.PHONY: help demo pictures test docs check bench clean

help:  ## say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

INSTALL = $(BIN)/python -m pip install --constraint constraints.txt --editable

$(VENV)/demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[demo,export]'
	touch $@

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[demo,test,check,docs]'
	touch $@ $(VENV)/demo

demo: $(VENV)/demo  ## set up, run Table I on the embedded corpus, print and write the report
	$(BIN)/python -m ser_vae.run -m +experiment=table1 corpus=demo seed=0 label_policies=one_encoder runs=$(RUNS)
	$(BIN)/python -m ser_vae.report $(RUNS) --html

pictures: $(VENV)/installed demo  ## draw the README's pictures from the demo's runs; needs Chromium
	$(BIN)/python experiments/demo/pictures.py $(RUNS)

test: $(VENV)/installed  ## set up, run all tests; the wheel is installed on each Python that is here
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

docs: $(VENV)/installed  ## build the documentation in site/, with checked links
	$(BIN)/python build_docs.py

check: $(VENV)/installed  ## ruff, mypy, the documentation and all tests, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) docs
	$(MAKE) test

bench: $(VENV)/installed  ## measure speed against named alternatives, a ratio each
	for name in pretraining lstm startup end_to_end; do $(BIN)/python experiments/benchmarks/$$name.py; done

clean:  ## remove the environment and what tests leave behind; results stay
	rm -rf $(VENV) dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis
