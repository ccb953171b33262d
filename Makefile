# Every target works through `paperlens book ...` or pytest; the same lines without make stand in README.md (Windows).
.DEFAULT_GOAL := help
.PHONY: help book test verify lab author check serve pdf class

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
STUDY := $(VENV)/.installed-course
# The first Python of 3.11 or newer; `make PYTHON=... book` takes another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

help:  ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

book: $(INSTALLED)  ## execute what changed, build the site into book/_build/html, say where it lies
	@$(BIN)/paperlens book build

# The record of long checks is tests/verified.json (tests/verified.py says how it is kept); ALL=1 runs what it vouches for, too.
RECORDED = --record $(if $(ALL),,--changed) $(if $(SHARD),--shard $(SHARD))

test: $(INSTALLED)  ## what any change can break (no network, no GPU), in minutes
	@$(BIN)/python -m pytest -m "not verify and not gpu" $(RECORDED)

verify: $(INSTALLED)  ## the long checks that changed since they passed, and a tenth of the rest; all with ALL=1
	@$(BIN)/python -m pytest -m verify $(RECORDED)

lab: $(STUDY)  ## JupyterLab on work/, your own copies of the chapters
	@$(BIN)/paperlens book lab

author: $(INSTALLED)  ## JupyterLab on chapters/, where the .md sources open as notebooks
	@$(BIN)/paperlens book lab --author

check: $(INSTALLED)  ## style, types, import direction, spelling
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check -q
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_imports.py
	@$(BIN)/codespell

serve: $(INSTALLED)  ## show the finished site on this machine
	@$(BIN)/paperlens book serve

pdf: $(INSTALLED)  ## print the book with Chromium into build/paperlens.pdf
	@$(BIN)/paperlens book pdf

class:  ## a sample class of forty students, graded and reported, in build/class
	@$(BIN)/python -c "import nbgrader, paperlens" 2>/dev/null || $(MAKE) --no-print-directory $(INSTALLED)
	@$(BIN)/python -m paperlens.classroom.sample build/class

# One list of dependencies (pyproject.toml), one set of versions (constraints.txt); installed anew when either changes.
$(INSTALLED): EXTRA := dev
$(STUDY): EXTRA := course
$(INSTALLED) $(STUDY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none is on the path; install it, or say make PYTHON=/path/to/python $(MAKECMDGOALS)." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "no virtual environment could be made; on Debian: apt-get install python3-venv." >&2; exit 2; }
	@echo "installing into $(VENV) (the first time: some minutes, mostly the download of PyTorch) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[$(EXTRA)]" -c constraints.txt || { echo "pip could not install the course: its last lines say whether the network, the disk or a version is the reason; run the same command again." >&2; exit 2; }
	@touch $@
