"""Every wrong version is rejected, with its name where it has one; every correct one passes, at any seed."""

import importlib
import inspect

import pytest

from paperlens.exercises import all_exercises, find, judge
from paperlens.exercises.engine.local import LocalCall

MODULES = [importlib.import_module(f"variants.{prefix}") for prefix in ("metrics",)]
CORRECT = [(i, name, f) for m in MODULES for i, table in m.CORRECT.items() for name, f in table]
WRONG = [
    (i, name, f, m.NAMED.get(i, {}).get(name))
    for m in MODULES
    for i, table in m.WRONG.items()
    for name, f in table
]
OLD = {i for i, *_ in CORRECT}
SEEDS = (0, *(pytest.param(seed, marks=pytest.mark.verify) for seed in (1, 20_261_121)))


def _judge(exercise_id, function, seed):
    with LocalCall(function, 30.0) as call:
        return judge(find(exercise_id), call, seed)


@pytest.mark.parametrize(
    ("exercise_id", "name", "function"), CORRECT, ids=lambda v: v if isinstance(v, str) else ""
)
@pytest.mark.parametrize("seed", SEEDS)
def test_correct_versions_pass(exercise_id, name, function, seed):
    report = _judge(exercise_id, function, seed)
    assert report.passed is True, str(report)
    assert report.misconception is None
    assert report.results
    assert all(result.passed and not result.message for result in report.results)


@pytest.mark.parametrize(
    ("exercise_id", "name", "function", "words"), WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_versions_are_rejected_and_named(exercise_id, name, function, words, seed):
    report = _judge(exercise_id, function, seed)
    assert report.passed is False
    assert any(not result.passed for result in report.results)
    assert all(result.message for result in report.results if not result.passed)
    assert len(str(report).splitlines()) <= 4
    assert "Traceback" not in str(report)
    if words:
        assert report.misconception is not None
        assert words in report.misconception


@pytest.mark.parametrize(
    "exercise",
    [e for e in all_exercises(siblings=True) if e.id in OLD],
    ids=lambda e: e.id,
)
def test_each_exercise_has_its_bank(exercise):
    names = {e.id for e in all_exercises() if e.id in OLD}
    correct, wrong = (sum(1 for entry in bank if entry[0] == exercise.id) for bank in (CORRECT, WRONG))
    assert correct >= 3
    assert wrong >= 6
    assert exercise.id not in names or exercise.sibling is not None


@pytest.mark.verify
@pytest.mark.parametrize(
    "exercise",
    [e for e in all_exercises(siblings=True) if e.id in OLD],
    ids=lambda e: e.id,
)
def test_each_misconception_is_wrong_and_named_as_itself(exercise):
    """An equivalent mutant would accuse a correct answer; two with one output would accuse of the other."""
    for each in exercise.misconceptions:
        report = _judge(exercise.id, each.function, 5)
        assert not report.passed, each.sentence
        assert report.misconception == each.sentence


@pytest.mark.parametrize(
    "exercise",
    [e for e in all_exercises(siblings=True) if e.id in OLD],
    ids=lambda e: e.id,
)
def test_the_signature_is_python_and_the_oracle_takes_it(exercise):
    namespace = {}
    exec(f"def {exercise.function}({exercise.parameters}): ...", namespace)
    asked = inspect.signature(namespace[exercise.function])
    for case in exercise.cases(__import__("numpy").random.default_rng(3)):
        asked.bind(*case.args, **case.kwargs)
    assert _judge(exercise.id, exercise.oracle, 9).passed
