"""`check` tells beforehand what a class could not give; it asks the cells that were run so far."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from paperlens.exercises.engine import reach

PSNR = """def psnr(prediction, target, data_range):
    mse = (prediction - target).square().flatten(1).mean(1)
    return (TEN * torch.log10(data_range**2 / mse)).mean()
"""
START = "import torch\nfrom paperlens.exercises import check"
CHECK = 'check("metrics.psnr", psnr)'


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["TEN = 10", PSNR], ""),
        (["from paperlens import metrics as m\nTEN = 10", PSNR + "print(m.psnr)"], ""),
        (["%%capture\nTEN = 5 + 5", PSNR], ""),
        (["from paperlens.errors import UserError\nTEN = 10 + len(UserError.__mro__[4:])", PSNR], "leans on a value"),
        (["import xarray_no\n", "TEN = 10", PSNR], ""),
        (["get_ipython().push({'TEN': 10})", PSNR], "`TEN` would not be there"),
    ],
    ids=["plain", "compared", "magic", "made by paperlens", "not needed", "pushed"],
)  # fmt: skip
def test_check_says_what_a_class_could_not_give(cells, says, capsys):
    shell = InteractiveShell.instance()
    try:
        for text in [START, *cells, CHECK]:
            shell.run_cell(text, store_history=True)
    finally:
        InteractiveShell.clear_instance()
    told = capsys.readouterr().out
    assert "correct, all" in told
    assert ("But in a class" in told) == bool(says) and says in told


def test_a_notebook_is_read_without_being_run():
    page = reach.Notebook(["import os\nos.system('touch /nowhere')", "def f(x):\n    return g(x)", "g = abs"])
    (answer,) = page.candidates("x.f", "f", [])
    assert [one.cell for one in page.select(answer).statements] == [1, 2]


@pytest.mark.parametrize("line", ["%time x = 1", "!ls", "a = !ls", "x?", "%matplotlib inline", "x = %time 3"])
def test_lines_of_ipython_become_python(line):
    assert reach.parse(line + "\ny = 2")[-1].targets[0].id == "y"
