# ruff: noqa: E501  a table of notebooks, one case a line where it fits
"""Notebooks as honest students hand them in. Each says what psnr (4 points) and ssim (6) must get, and why they differ.

A case is a list of cells; the first cell is always the chapter's imports. `answer(text)` is the answer cell of psnr, `ssim_answer(text)`
that of ssim, plain text a cell of the student's own, `CHECK` and `CHECK_SSIM` the cells that check.
"""

from dataclasses import dataclass, field
from typing import Any

from people import PSNR, SSIM, WRONG_PSNR

IMPORTS = """import math

import torch
import torch.nn.functional as F

from paperlens.exercises import check

WINDOW, SIGMA = 11, 1.5
"""
CHECK = 'check("metrics.psnr", psnr)'
CHECK_SSIM = 'check("metrics.ssim", ssim)'
STUB = 'def psnr(prediction, target, data_range):\n    """The contract."""\n    raise NotImplementedError("metrics.psnr: write your own lines here, then run this cell")'
HEAD = "def psnr(prediction, target, data_range):\n"


@dataclass(frozen=True)
class Marked:
    text: str
    exercise: str


@dataclass(frozen=True)
class Honest:
    name: str
    cells: list[Any]
    psnr: str = "4"
    ssim: str = ""  # as for nobody: not part of the case
    status: str = "graded"
    remark: str = ""  # what the remark must contain
    says: str = ""  # what the student must read
    extra: dict[str, Any] = field(default_factory=dict)


def answer(text: str) -> Marked:
    return Marked(text, "metrics.psnr")


def ssim_answer(text: str) -> Marked:
    return Marked(text, "metrics.ssim")


def body(*lines: str) -> str:
    """psnr with these lines."""
    return HEAD + "".join(f"    {line}\n" for line in lines)


MSE = "mse = (prediction - target).square().flatten(1).mean(1)"
RETURN = "return (10 * torch.log10(data_range**2 / mse)).mean()"


def with_(name: str) -> str:
    """psnr that uses this name for the 10."""
    return body(MSE, f"return ({name} * torch.log10(data_range**2 / mse)).mean()")


def plain(name: str, text: str, *more: Any, before: tuple[Any, ...] = (), **said: Any) -> Honest:
    """The usual order: own cells, the answer, its check, more cells."""
    return Honest(name, [*before, answer(text), CHECK, *more], **said)


def page(cells: list[Any]) -> dict[str, Any]:
    """The notebook of a case."""
    built: list[dict[str, Any]] = [cell(IMPORTS)]
    for each in cells:
        built.append(
            cell(each.text, each.exercise)
            if isinstance(each, Marked)
            else each
            if isinstance(each, dict)
            else cell(each)
        )
    return {"cells": built, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def cell(text: str, exercise: str = "") -> dict[str, Any]:
    metadata = {"paperlens": {"exercise": exercise}} if exercise else {}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": 1}


ORDER = [
    plain("the right answer", PSNR),
    plain("a wrong answer", WRONG_PSNR, psnr="0"),
    plain("the stub", STUB, psnr="0"),
    plain("a helper is used again further down", with_("f(5)"), "def f(x):\n    return 0 * x", before=("def f(x):\n    return 2 * x",)),
    plain("a constant is used again further down", with_("P"), "P = 3", "P = torch.zeros(3)", before=("P = 10",)),
    plain("a constant is overwritten in the next exercise's cell", with_("P"), ssim_answer("P = 99\n" + SSIM), CHECK_SSIM, before=("P = 10",), ssim="6"),
    plain("a constant is set twice above", with_("P"), before=("P = 3", "P = 10")),
    plain("a helper that was deleted", PSNR.replace("10 *", "ten() *"), psnr="0", says="ten"),
    Honest("a helper between answer and check", [answer(with_("ten()")), "def ten():\n    return 10", CHECK]),
    Honest("a wrong first try in the answer cell, the right one in a new cell", [answer(WRONG_PSNR), PSNR, CHECK], remark="cell"),
    Honest("a broken first try in the answer cell, the right one in a new cell", [answer("def psnr(:"), PSNR, CHECK], remark="cell of its own"),
    Honest("the stub stays, the right one in a new cell", [answer(STUB), PSNR, CHECK], remark="3"),
    Honest("a broken copy below", [answer(PSNR), CHECK, answer("def psnr(prediction, target")]),
    Honest("a broken copy above", [answer("def psnr(prediction, target"), answer(PSNR), CHECK]),
    Honest("the untouched stub pasted below", [answer(PSNR), CHECK, answer(STUB)]),
    Honest("the untouched stub pasted between answer and check", [answer(PSNR), answer(STUB), CHECK]),
    Honest("the untouched stub pasted above", [answer(STUB), answer(PSNR), CHECK]),
    Honest("an own experiment redefines the function later", [answer(PSNR), CHECK, WRONG_PSNR + "print(psnr(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), 1.0))"]),
    Honest("an experiment that is checked again and fails", [answer(PSNR), CHECK, WRONG_PSNR, CHECK], remark="times"),
    Honest("a copy that never ends", [answer(PSNR), CHECK, answer(HEAD + "    while True: pass")]),
    Honest("two wrong copies", [answer(WRONG_PSNR), CHECK, answer(body("return prediction.mean()"))], psnr="0"),
    Honest("right below wrong, no check left", [answer(WRONG_PSNR), PSNR]),
    Honest("right above wrong, no check left", [answer(PSNR), WRONG_PSNR]),
    Honest("the check stands above the answer", [CHECK, answer(PSNR)]),
    Honest("answered at the end of the notebook", [answer(STUB), CHECK, "TEN = 10", with_("TEN")]),
    Honest("checked under a name of one's own", [answer("def my_psnr(prediction, target, data_range):\n    " + MSE + "\n    " + RETURN), 'check("metrics.psnr", my_psnr)']),
    Honest("checked as a lambda", ['check("metrics.psnr", lambda p, t, r: (10 * torch.log10(r**2 / (p - t).square().flatten(1).mean(1))).mean())']),
    Honest("checked as a method", [answer("class Scores:\n    @staticmethod\n    def psnr(p, t, r):\n        return (10 * torch.log10(r**2 / (p - t).square().flatten(1).mean(1))).mean()"), 'check("metrics.psnr", Scores.psnr)']),
    Honest("the check's report is kept", [answer(PSNR), f"report = {CHECK}\nprint(report)"]),
    Honest("check called in a loop", [answer(PSNR), 'for name, function in [("metrics.psnr", psnr)]:\n    check(name, function)']),
    Honest("both answers in one cell", [answer(PSNR + SSIM), CHECK, CHECK_SSIM], ssim="6"),
    Honest("ssim uses the psnr of an earlier cell", [answer(PSNR), CHECK, ssim_answer(SSIM.replace("return ", "psnr(x, y, 1.0)\n    return ")), CHECK_SSIM], ssim="6"),
    Honest("the answer cell was split in two", [answer("TEN = 10"), with_("TEN"), CHECK]),
    Honest("the answer cell was deleted", [CHECK], psnr="0", status="missing", says="no cell defines `psnr`"),
    Honest("the answer cell became text", [{"cell_type": "markdown", "metadata": {"paperlens": {"exercise": "metrics.psnr"}}, "source": PSNR}], psnr="0", status="malformed", says="no longer a code cell"),
]  # fmt: skip

LEANS = [
    plain("a lambda", with_("ten()"), before=("ten = lambda: 10",)),
    plain("a sum", with_("TEN"), before=("TWO = 1 + 1", "TEN = 5 * TWO")),
    plain("a tensor", body("w = torch.full((), TEN.sum().item(), dtype=prediction.dtype)", MSE, "return (w * torch.log10(data_range**2 / mse)).mean()"), before=("TEN = torch.outer(torch.ones(2), torch.full((5,), 1.0))",)),
    plain("a dict call", with_("OPTIONS['ten']"), before=("OPTIONS = dict(ten=10)",)),
    plain("a dict filled later", with_("OPTIONS['ten']"), before=("OPTIONS = {}", "OPTIONS['ten'] = 10")),
    plain("a dict updated later", with_("OPTIONS['ten']"), before=("OPTIONS = {'ten': 1}", "OPTIONS.update(ten=10)")),
    plain("a list appended to in a loop", with_("sum(PARTS)"), before=("PARTS = []\nfor i in range(5):\n    PARTS.append(i)",)),
    plain("a device", body("p, t = prediction.to(device), target.to(device)", "mse = (p - t).square().flatten(1).mean(1)", RETURN), before=('device = "cuda" if torch.cuda.is_available() else "cpu"',)),
    plain("a torch device", body("p = prediction.to(device)", MSE, RETURN), before=('device = torch.device("cpu")',)),
    plain("a definition under if", with_("ten()"), before=("if torch.cuda.is_available():\n    def ten():\n        return 10.0\nelse:\n    def ten():\n        return 10",)),
    plain("a definition under try", with_("ten()"), before=("try:\n    import no_such_package\n    def ten(): return 0\nexcept ImportError:\n    def ten(): return 10",)),
    plain("the answer under if", "if True:\n" + "".join(f"    {line}\n" for line in PSNR.splitlines())),
    plain("the answer under try", "try:\n" + "".join(f"    {line}\n" for line in PSNR.splitlines()) + "except Exception:\n    pass"),
    plain("an augmented constant", with_("TEN"), before=("TEN = 4", "TEN += 6")),
    plain("unpacked constants", with_("(A_ * B_)"), before=("A_, B_ = (i for i in (2, 5))",)),
    plain("a starred import", with_("sqrt(100)"), before=("from math import *",)),
    plain("an import in another cell", with_("np.float64(10)"), before=("import numpy as np",)),
    plain("a class of one's own", with_("Config().ten"), before=("from dataclasses import dataclass\n\n@dataclass\nclass Config:\n    ten: int = 10",)),
    plain("a named tuple", with_("C.ten"), before=("from collections import namedtuple\nC = namedtuple('C', 'ten')(10)",)),
    plain("an enum", with_("E.TEN.value"), before=("import enum\nclass E(enum.Enum):\n    TEN = 10",)),
    plain("a partial", "psnr = functools.partial(scaled, 10)", before=("import functools", "def scaled(k, prediction, target, data_range):\n    " + MSE + "\n    return (k * torch.log10(data_range**2 / mse)).mean()")),
    plain("a decorator of one's own", "@quietly\n" + PSNR, before=("import functools\ndef quietly(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner",)),
    plain("torch.no_grad as a decorator", "@torch.no_grad()\n" + PSNR),
    plain("a cache", with_("ten()"), before=("from functools import cache\n@cache\ndef ten():\n    return 10",)),
    plain("a global set by a function", with_("TEN"), before=("def setup():\n    global TEN\n    TEN = 10", "setup()")),
    plain("a default argument", "def psnr(prediction, target, data_range, k=TEN):\n    " + MSE + "\n    return (k * torch.log10(data_range**2 / mse)).mean()", before=("TEN = int('10')",)),
    plain("a module of torch", "psnr = Psnr()", before=("class Psnr(torch.nn.Module):\n    def forward(self, prediction, target, data_range):\n        " + MSE + "\n        " + RETURN,)),
    plain("a comprehension", with_("sum([1 for _ in range(TEN)])"), before=("TEN = len([x for x in range(10)])",)),
    plain("a walrus", with_("TEN"), before=("if (TEN := 10) > 3:\n    pass",)),
    plain("two cells run in the other order", with_("TEN"), before=("TEN = 5 * TWO", "TWO = 2")),
    plain("scipy.ndimage", body("ndimage.gaussian_filter(prediction.numpy(), 1)", MSE, RETURN), before=("from scipy import ndimage",)),
    plain("skimage", body("value = [peak_signal_noise_ratio(t.numpy(), p.numpy(), data_range=data_range) for p, t in zip(prediction, target)]", "return torch.tensor(value, dtype=prediction.dtype).mean()"), before=("from skimage.metrics import peak_signal_noise_ratio",)),
    plain("jaxtyping", 'def psnr(prediction: Float[Tensor, "b c h w"], target: Float[Tensor, "b c h w"], data_range: float) -> Float[Tensor, ""]:\n    ' + MSE + "\n    " + RETURN, before=("from jaxtyping import Float\nfrom torch import Tensor",)),
    plain("einops", body("mse = einops.reduce((prediction - target) ** 2, 'b c h w -> b', 'mean')", RETURN), before=("import einops",)),
    plain("matplotlib imported and used in a branch", body(MSE, "if data_range < 0: plt.plot([1])", RETURN), before=("import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()",)),
    plain("annotations from the future", "from __future__ import annotations\n" + PSNR.replace("prediction,", "prediction: Tensor | None,")),
    plain("annotations from the future in a cell above", PSNR.replace("prediction,", "prediction: list[NoSuchName],"), before=("from __future__ import annotations",)),
    plain("a type of the course as annotation", PSNR.replace("prediction,", "prediction: Image,"), before=("from paperlens.data import Image",)),
    plain("printing inside", PSNR.replace("    return", "    print(mse)\n    return")),
    plain("an unrelated cell that fails", PSNR, "1 / 0", before=("raise RuntimeError('not finished')",)),
    plain("an unrelated cell that is no Python", PSNR, before=("this is what I thought about it:",)),
    plain("training above that the answer does not need", PSNR, before=("model = torch.nn.Linear(2, 2)\nfor step in range(10**9):\n    model(torch.ones(2))",)),
    plain("a value of the course", with_("TEN"), psnr="0", status="malformed", says="made", before=("from paperlens import data\nTEN = len(data.photographs()) + 9",)),
    plain("the course's solution", "from paperlens.metrics import psnr", psnr="0", status="forbidden", says="uses paperlens"),
    plain("the course's solution under another name", "psnr = m.psnr", psnr="0", status="forbidden", before=("from paperlens import metrics as m",)),
    plain("a package that a class does not have", body("return tf.reduce_mean(prediction)"), psnr="0", status="malformed", says="tensorflow", before=("import tensorflow as tf",)),
    Honest("used on, then used by the next answer", ["from paperlens.exercises import check, use", answer(PSNR), CHECK, 'psnr = use("metrics.psnr", psnr)', ssim_answer(SSIM.replace("return ", "psnr(x, y, 1.0)\n    return ")), CHECK_SSIM], ssim="6"),
    Honest("used on by its id alone", ["from paperlens.exercises import check, use", answer(PSNR), CHECK, 'score = use("metrics.psnr")', ssim_answer(SSIM.replace("return ", "score(x, y, 1.0)\n    return ")), CHECK_SSIM], ssim="6"),
    Honest("the tools under other names", ["from paperlens.exercises import check as c, use as u", answer(PSNR), 'c("metrics.psnr", psnr)', 'psnr = u("metrics.psnr", psnr)']),
    plain("torch and the course in one import", PSNR, before=("import torch, paperlens",)),
    plain("torch.compile", "@torch.compile\n" + PSNR),
    plain("torch.compile afterwards", PSNR + "psnr = torch.compile(psnr)\n"),
    plain("torch.jit.script", "@torch.jit.script\ndef psnr(prediction: torch.Tensor, target: torch.Tensor, data_range: float):\n    " + MSE + "\n    " + RETURN),
    plain("source of the function", PSNR + "import inspect\nTEXT = inspect.getsource(psnr)\n"),
    plain("a file that is not there", with_("TEN"), psnr="0", remark="FileNotFoundError", before=("import numpy as np\nTEN = np.load('ten.npy')",)),
    plain("IPython asked at the top", with_("TEN"), before=("TEN = 10 if get_ipython() is None else 10",)),
    plain("a name that nothing defines", with_("MISSING"), psnr="0", says="MISSING"),
]  # fmt: skip

MAGICS = [
    plain("time", "%%time\n" + PSNR),
    plain("time after an empty line", "\n%%time\n" + PSNR),
    plain("capture", "%%capture out\n" + PSNR),
    plain("prun", "%%prun -l 3\n" + PSNR),
    plain("two magics", "%%capture\n%%time\n" + PSNR),
    plain("a constant under a magic", with_("TEN"), before=("%%time\nTEN = sum(range(5))",)),
    plain("line magics", "%matplotlib inline\n!ls\n%load_ext autoreload\n" + PSNR + "psnr?\n"),
    plain("a line magic that runs its line", with_("TEN"), before=("%time TEN = 4 + 6",)),
    plain("a shell line that is kept", with_("(10 + len(FILES))"), before=("FILES = !ls",)),
    plain("a percent sign in a text", "%matplotlib inline\n" + PSNR.replace("    mse", '    """\n%d images\n"""\n    mse', 1)),
    plain("an indented cell", "".join(f"    {line}\n" for line in PSNR.splitlines())),
    plain("an indented constant", with_("TEN"), before=("    TEN = 10\n    OTHER = 3",)),
    plain("Windows line ends", PSNR.replace("\n", "\r\n")),
    plain("tabs", PSNR.replace("    ", "\t")),
    plain("bash", "%%bash\n" + PSNR, psnr="0", status="malformed", says="%%bash in line 1"),
    plain("html", "%%html\n<b>" + PSNR, psnr="0", status="malformed", says="line 1"),
    plain("writefile", "%%writefile psnr.py\n" + PSNR, psnr="0", status="malformed", says="%%writefile"),
    plain("a bash cell elsewhere", PSNR, before=("%%bash\nls",)),
]  # fmt: skip

COMPARES = [
    plain("compared with the course's metric below", PSNR + "from paperlens import metrics as m\ntheirs = m.psnr(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), 1.0)\nprint(theirs)"),
    plain("compared in a function of its own", PSNR + "import paperlens.metrics as m\ndef compare(a, b):\n    return psnr(a, b, 1.0) - m.psnr(a, b, 1.0)"),
    plain("compared in the next cell", PSNR, "from paperlens.metrics import psnr as theirs\nassert theirs"),
    plain("the course's name bound below", PSNR, "from paperlens.metrics import psnr"),
    plain("pictures of the course", PSNR + "image = figures.strip([])\nplt.imshow(image)", before=("from paperlens import figures\nimport matplotlib.pyplot as plt",)),
    plain("a plot below in the same cell", PSNR + "import matplotlib.pyplot as plt\nplt.plot([float(psnr(torch.rand(1, 1, 4, 4), torch.rand(1, 1, 4, 4), 1.0)) for _ in range(10)])\nplt.show()"),
    plain("a timing loop below in the same cell", PSNR + "import time\nstart = time.time()\nwhile time.time() - start < 60:\n    psnr(torch.rand(1, 1, 4, 4), torch.rand(1, 1, 4, 4), 1.0)\nprint('done')"),
    plain("an endless loop below in the same cell", PSNR + "while True:\n    psnr(torch.rand(1, 1, 4, 4), torch.rand(1, 1, 4, 4), 1.0)"),
    plain("an assertion that fails below", PSNR + "assert psnr(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), 1.0) == 3"),
    plain("the check in the same cell", PSNR + CHECK),
    plain("widgets below", PSNR + "import ipywidgets\nipywidgets.interact(lambda x: x, x=3)"),
    plain("display", PSNR + "display(psnr)"),
]  # fmt: skip

CASES = [*ORDER, *LEANS, *MAGICS, *COMPARES]
