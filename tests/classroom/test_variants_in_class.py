"""Every wrong and every correct version of every exercise gets in class what `check` implies."""

import importlib
import inspect
import json
import runpy
import sys
from pathlib import Path

import pytest

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking import mark
from paperlens.classroom.sandbox.limits import Limits
from paperlens.exercises import find

pytestmark = pytest.mark.verify
sys.path.insert(0, str(Path(__file__).parent.parent / "exercises"))
MODULES = [importlib.import_module(f"variants.{prefix}") for prefix in ("metrics",)]
VARIANTS = [
    pytest.param(module, exercise, name, table == "CORRECT", id=f"{exercise}-{name}")
    for module in MODULES
    for table in ("WRONG", "CORRECT")
    for exercise, several in getattr(module, table).items()
    for name, _ in several
]
BANK = Path(__file__).parent.parent / "exercises" / "bank"


def in_bank():
    """The versions of `tests/exercises/bank/PREFIX/NAME.py`, one file an exercise."""
    for path in sorted(BANK.glob("*/[!_]*.py")):
        exercise = f"{path.parent.name}.{path.stem}"
        space = runpy.run_path(str(path))
        for table in ("WRONG", "CORRECT"):
            for name in space.get(table, {}):
                yield pytest.param(path, exercise, name, table, id=f"{exercise}-{name}")


@pytest.mark.parametrize(("path", "exercise", "name", "table"), in_bank())
def test_version_of_the_bank(path, exercise, name, table):
    """The answer cell is the file as it stands, and one line that picks the version by its name."""
    source = f"{path.read_text(encoding='utf-8')}\n{find(exercise).function} = {table}[{name!r}]\n"
    cell = {"cell_type": "code", "source": source, "metadata": {"paperlens": {"exercise": exercise}}}
    outcome = mark.mark(notebook.read(json.dumps({"cells": [cell]}).encode()), exercise, 20_261_121, Limits())
    assert outcome.status == "graded", outcome.lines
    assert outcome.score == (outcome.possible if table == "CORRECT" else 0.0), outcome.lines


@pytest.mark.parametrize(("module", "exercise", "name", "right"), VARIANTS)
def test_variant(module, exercise, name, right):
    """The answer cell is the variants' own file, and one line that picks the version by its name."""
    table = "CORRECT" if right else "WRONG"
    picked = f"\n{find(exercise).function} = dict({table}[{exercise!r}])[{name!r}]\n"
    cell = {
        "cell_type": "code",
        "source": inspect.getsource(module) + picked,
        "metadata": {"paperlens": {"exercise": exercise}},
    }
    cells = notebook.read(json.dumps({"cells": [cell]}).encode())
    outcome = mark.mark(cells, exercise, 20_261_121, Limits())
    assert outcome.status == "graded", outcome.lines
    assert outcome.score == (outcome.possible if right else 0.0), outcome.lines
