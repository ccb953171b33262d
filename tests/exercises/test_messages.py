"""What `check` says, and what `use` hands out."""

import numpy as np
import pytest
import torch

from paperlens.exercises import check, find, use
from paperlens.exercises.engine import use as use_module
from paperlens.exercises.engine.compare import described, mismatch


@pytest.fixture(autouse=True)
def a_new_session(monkeypatch):
    monkeypatch.setattr(use_module, "_passed", {})


def psnr(x, y, r):
    return (10 * torch.log10(r**2 / ((x - y) ** 2).mean((1, 2, 3)))).mean()


def macs(h, w, d, m):
    return 4 * h * w * d**2 + 2 * m**2 * h * w * d


def stops(x, y, r):
    both = x @ y.flatten()
    return both.mean()


def test_an_exception_is_told_as_one_with_the_line_and_the_input():
    header, place, text = check("metrics.psnr", stops).lines()
    line = stops.__code__.co_firstlineno + 1
    assert header.startswith("metrics.psnr: not yet.")
    assert place.startswith("  An error stopped it (prediction 3 x 3 x ")
    assert text.startswith(f"  Raised RuntimeError in line {line}, `both = x @ y.flatten()`: size mismatch")
    assert "Broken" not in f"{header}{place}{text}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.int64, "Got a NumPy int64, expected a Python int; int(...) makes one of it"),
        (
            torch.tensor,
            "Got an int64 tensor with no axes, expected a Python int; int(...) makes one of it",
        ),
        (float, "expected a Python int; int(...) makes one of it"),
        (lambda n: None, "Got None, expected a Python int; is a `return` missing?"),
    ],
)
def test_a_python_int_is_called_one(value, said):
    report = check("swinir.window_attention_macs", lambda *sizes: value(macs(*sizes)))
    assert said in str(report)


def test_a_wrong_int_is_told_by_its_number():
    assert mismatch(3, 4) == "got 3, expected 4"


def test_an_array_where_a_tensor_is_due():
    assert "Got a NumPy array of shape (), expected a float64 tensor" in str(
        check("metrics.psnr", lambda *a: psnr(*a).numpy())
    )


def test_the_dtype_of_a_magnitude_is_not_the_one_that_came_in():
    report = check("mri.root_sum_of_squares", lambda c: (c * c.conj()).sum(1).sqrt())
    assert "expected float64, the real dtype that belongs to complex128 in" in str(report)
    assert "float32, the dtype that came in" in str(check("metrics.psnr", lambda *a: psnr(*a).double()))


def test_single_precision_inside_is_caught_where_the_numbers_still_agree():
    def inside(q, k, v, mask=None):
        q, k, v = q.float(), k.float(), v.float()
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return (
            (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1).matmul(v).double()
        )

    broken = [
        r.name
        for r in check(
            "transformer.split_heads",
            lambda x, h: x.float().to(x.dtype).unflatten(-1, (h, -1)).transpose(1, 2),
        ).results
        if not r.passed
    ]
    assert broken == ["double precision in is computed in double precision"]
    assert not check("transformer.attention", inside).passed


def test_the_failing_input_is_handed_over():
    report = check("metrics.psnr", lambda x, y, r: psnr(x, y, 1.0))
    assert not torch.equal(psnr(*report.case.args[:2], 1.0), find("metrics.psnr").oracle(*report.case.args))
    assert check("metrics.psnr", psnr).case is None


def test_few_numbers_are_shown_themselves_in_a_property_only():
    args = torch.tensor([1.0, 2.5]), 3
    assert described(args, ["x", "n"], values=True) == "x [1, 2.5], n 3"
    assert described(args, ["x", "n"]) == "x 2, n 3"


def test_the_changed_argument_is_named():
    assert "`prediction` was changed in place" in str(
        check("metrics.psnr", lambda x, y, r: psnr(x.sub_(y), 0, r))
    )


def test_use_takes_the_students_function_once_its_check_has_passed(capsys):
    assert type(use("metrics.psnr", psnr)) is use_module.Ours
    assert capsys.readouterr().out == "metrics.psnr: ours, for its check has not passed in this session.\n"
    check("metrics.psnr", psnr)
    capsys.readouterr()
    assert use("metrics.psnr", psnr) is psnr
    assert use("metrics.psnr") is psnr
    assert capsys.readouterr().out == "metrics.psnr: yours, for its check has passed.\n" * 2


def test_use_knows_the_same_lines_run_again_from_changed_ones(capsys):
    cell = """import torch
def psnr(x, y, r):
    return (FACTOR * torch.log10(r**2 / ((x - y) ** 2).mean((1, 2, 3)))).mean()
"""
    once, again, changed = {}, {}, {}
    exec(cell.replace("FACTOR", "10"), once)
    exec(cell.replace("FACTOR", "10"), again)
    exec(cell.replace("FACTOR", "11"), changed)
    assert check("metrics.psnr", once["psnr"]).passed
    assert use("metrics.psnr", again["psnr"]) is once["psnr"]
    assert type(use("metrics.psnr", changed["psnr"])) is use_module.Ours
    assert "changed after its check passed" in capsys.readouterr().out
    check("metrics.psnr", changed["psnr"])
    assert type(use("metrics.psnr", once["psnr"])) is use_module.Ours


def test_ours_answers_right_shows_nothing_and_is_no_answer():
    ours = use("transformer.split_heads")
    x = torch.arange(12.0).reshape(1, 2, 6)
    assert torch.equal(ours(x, 2), torch.stack([x[..., :3], x[..., 3:]], 1))
    assert repr(ours) == "<ours of transformer.split_heads>"
    for answer in (ours, lambda *given: ours(*given) + 0):
        report = check("transformer.split_heads", answer)
        assert not report.passed
        assert "ours of transformer.split_heads" in str(report)
