"""Wrong and correct versions of every exercise get in class what `check` implies."""

import importlib.util
import json
from pathlib import Path

import pytest

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking import mark
from paperlens.classroom.sandbox.limits import Limits
from paperlens.exercises import find
from paperlens.exercises.catalogue import CATALOGUE

pytestmark = pytest.mark.verify
BANK = Path(__file__).parent.parent / "exercises" / "bank"


def versions():
    for name, sibling in CATALOGUE.items():
        file = BANK.joinpath(*name.split(".")).with_suffix(".py")
        spec = importlib.util.spec_from_file_location(f"bank.{name}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for exercise, before in ((name, ""), (sibling, "SIBLING_")):
            for table in ("WRONG", "CORRECT"):
                for version in getattr(module, before + table):
                    yield pytest.param(file, exercise, before + table, version, id=f"{exercise}-{version}")


@pytest.mark.parametrize(("file", "exercise", "table", "version"), versions())
def test_variant(file, exercise, table, version):
    """The answer cell is the versions' own file, and one line that picks the version by its name."""
    picked = f"\n{find(exercise).function} = {table}[{version!r}]\n"
    cell = {
        "cell_type": "code",
        "source": file.read_text(encoding="utf-8") + picked,
        "metadata": {"paperlens": {"exercise": exercise}},
    }
    cells = notebook.read(json.dumps({"cells": [cell]}).encode())
    outcome = mark.mark(cells, exercise, 20_261_121, Limits())
    assert outcome.status == "graded", outcome.lines
    assert outcome.score == (outcome.possible if table.endswith("CORRECT") else 0.0), outcome.lines
