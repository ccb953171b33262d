"""Every wrong and every correct version of every exercise gets in class what `check` implies."""

import importlib
import inspect
import json
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
