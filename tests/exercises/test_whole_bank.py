"""Every wrong version is rejected, with its name where it has one; every correct one passes, at any seed.

Named wrong versions stand in the exercise's own file, the others and the correct ones in `bank/PREFIX/NAME.py` here.
"""

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest

import paperlens.exercises
from paperlens.exercises import all_exercises, find, judge
from paperlens.exercises.catalogue import CATALOGUE
from paperlens.exercises.engine.local import LocalCall

HERE = Path(__file__).parent / "bank"
SOURCE = Path(paperlens.exercises.__file__).parent / "bank"
SEEDS = (0, *(pytest.param(seed, marks=pytest.mark.verify) for seed in (1, 20_261_121)))


def files(folder):
    return {
        ".".join(p.relative_to(folder).with_suffix("").parts): p for p in sorted(folder.glob("*/[!_]*.py"))
    }


def tables(name):
    """CORRECT, WRONG, and those of the sibling."""
    spec = importlib.util.spec_from_file_location(f"bank.{name}", files(HERE)[name])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        name: (module.CORRECT, module.WRONG),
        CATALOGUE[name]: (module.SIBLING_CORRECT, module.SIBLING_WRONG),
    }


BANK = {exercise: both for name in files(HERE) for exercise, both in tables(name).items()}
CORRECT = [pytest.param(i, f, id=f"{i}-{name}") for i, both in BANK.items() for name, f in both[0].items()]
WRONG = [pytest.param(i, f, id=f"{i}-{name}") for i, both in BANK.items() for name, f in both[1].items()]
EXERCISES = all_exercises(siblings=True)
NAMED = [pytest.param(e, m, id=f"{e.id}-{m.sentence}") for e in EXERCISES for m in e.misconceptions]


def _judge(exercise, function, seed):
    with LocalCall(function, 30.0) as call:
        return judge(exercise, call, seed)


@pytest.mark.parametrize(("exercise_id", "function"), CORRECT)
@pytest.mark.parametrize("seed", SEEDS)
def test_correct_versions_pass(exercise_id, function, seed):
    report = _judge(find(exercise_id), function, seed)
    assert report.passed is True, str(report)
    assert report.misconception is None
    assert report.case is None
    assert all(result.passed and not result.message for result in report.results)


@pytest.mark.parametrize(("exercise_id", "function"), WRONG)
@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_versions_are_rejected(exercise_id, function, seed):
    report = _judge(find(exercise_id), function, seed)
    assert report.passed is False
    assert all(result.message for result in report.results if not result.passed)
    assert len(str(report).splitlines()) <= 4
    assert "Traceback" not in str(report)
    assert report.case is not None


@pytest.mark.parametrize(("exercise", "version"), NAMED)
@pytest.mark.parametrize("seed", SEEDS)
def test_named_wrong_versions_are_rejected_under_their_name(exercise, version, seed):
    """An equivalent mutant would accuse a correct answer; two with one output would accuse of the other."""
    report = _judge(exercise, version.function, seed)
    assert report.passed is False
    assert report.misconception == version.sentence


def test_an_exercise_is_one_file_one_row_and_its_bank():
    assert set(files(SOURCE)) == set(CATALOGUE) == set(files(HERE))
    for name, sibling in CATALOGUE.items():
        assert (find(name).id, find(sibling).id, find(name).sibling) == (name, sibling, find(sibling))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_each_exercise_has_enough_versions(exercise):
    correct, wrong = BANK[exercise.id]
    assert len(correct) >= 3
    assert len(wrong) + len(exercise.misconceptions) >= 6


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_the_signature_is_python_and_the_oracle_takes_it(exercise):
    namespace = {}
    exec(f"def {exercise.function}({exercise.parameters}): ...", namespace)
    asked = inspect.signature(namespace[exercise.function])
    assert list(asked.parameters) == exercise.arguments
    for case in exercise.cases(np.random.default_rng(3)):
        asked.bind(*case.args, **case.kwargs)
    assert _judge(exercise, exercise.oracle, 9).passed
