# ruff: noqa: E501
"""No honest student loses a point: a hundred notebooks, each with the score that its own `check` promised."""

import json

import honest
import numpy as np
import pytest

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking import mark
from paperlens.classroom.sandbox.limits import Limits
from paperlens.exercises.catalogue import find
from paperlens.exercises.engine.report import Report, Result

QUICK = Limits(wall=6.0, cpu=3)


def test_there_are_enough_and_no_two_share_a_name():
    assert len(honest.CASES) >= 80
    assert len({case.name for case in honest.CASES}) == len(honest.CASES)


@pytest.mark.parametrize("case", honest.CASES, ids=lambda case: case.name)
def test_honest(case):
    cells = notebook.read(json.dumps(honest.page(case.cells)).encode())
    outcome = mark.mark(cells, "metrics.psnr", 20_261_121, QUICK)
    told = "\n".join(outcome.lines)
    assert (f"{outcome.score:g}", outcome.status) == (case.psnr, case.status), told
    assert case.remark in outcome.remark and case.says in told, (outcome.remark, told)
    if case.ssim:
        assert f"{mark.mark(cells, 'metrics.ssim', 20_261_121, QUICK).score:g}" == case.ssim


def test_feedback_names_no_hidden_input():
    """An answer that is wrong at the inputs of one seed alone: neither their sizes nor the reference's values are told."""
    names = [case.name for case in find("metrics.psnr").cases(np.random.default_rng(5))]
    wrong = honest.body(
        honest.MSE,
        "v = (10 * torch.log10(data_range**2 / mse)).mean()",
        "return v + 3 * (prediction.shape[-1] > 13)",
    )
    cells = notebook.read(json.dumps(honest.page([honest.answer(wrong), honest.CHECK])).encode())
    outcome = mark.mark(cells, "metrics.psnr", 5, QUICK)
    told = "\n".join((*outcome.lines, outcome.failed))
    assert outcome.score == 0 and not any(name in told for name in names)


def test_an_input_of_the_oracle_stays_hidden():
    exercise = find("metrics.psnr")
    report = Report(
        exercise="metrics.psnr",
        results=(
            Result(name="the output at two images of 13 x 18", passed=False, message="got 1.5, expected 2.5"),
        ),
    )
    told = str(mark.without_hidden(report, exercise))
    assert "13" not in told and "2.5" not in told and "1.5" not in told
