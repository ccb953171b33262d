"""No honest student loses a point: a hundred notebooks, each with the score that its own `check` promised."""

import json

import honest
import pytest

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking import mark
from paperlens.classroom.sandbox.limits import Limits

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
