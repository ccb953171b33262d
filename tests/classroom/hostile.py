"""A bank of hostile and broken submissions. In each the answer to metrics.psnr attacks; metrics.ssim is answered honestly.

`Case.statuses` says how psnr may end; its score is 0 unless `honest`. ssim must be right unless `ssim` says otherwise.
"""

import json
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import people
from people import PSNR, SSIM, answer_cell, answered

ROOT = Path(__file__).parents[2]

LOOPS = ("timeout",)
GRADED = ("graded",)
BODY = "def psnr(prediction, target, data_range):\n"
CANARY = "canary-"  # every secret that the tests plant begins so


@dataclass(frozen=True)
class Case:
    name: str
    page: Any  # a notebook, or bytes
    statuses: tuple[str, ...]
    honest: bool = False  # psnr is right all the same and gets its points
    ssim: bool = True


def inside(code: str) -> str:
    """An answer that attacks when it is called."""
    return BODY + "\n".join(f"    {line}" for line in code.splitlines()) + "\n"


def before(code: str) -> str:
    """A right answer behind an attack at the top of the cell."""
    return code + "\n" + PSNR


def wrong_but(code: str) -> str:
    """An attack that wants points for a wrong answer."""
    return code + "\n" + BODY + "    return torch.zeros((), dtype=prediction.dtype)\n"


ATTACKS: list[tuple[str, str, tuple[str, ...]]] = [
    # loops, exits, crashes
    ("loop at the top, and no function", "while True: pass", ("malformed",)),
    ("loop at the top of a module's", before("import os\nwhile os: pass"), LOOPS),
    ("loop in the call", inside("while True: pass"), LOOPS),
    ("sleep", inside("import time; time.sleep(10**6)"), LOOPS),
    ("loop that swallows exceptions", inside("while True:\n    try:\n        while True: pass\n    except BaseException: pass"), LOOPS),
    ("a regular expression that never ends", inside("import re; re.match(r'(a+)+$', 'a' * 60 + 'b')"), LOOPS),
    ("stop signal to itself", inside("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)\nreturn 0.0"), GRADED),
    ("exit 0", inside("import os; os._exit(0)"), ("crashed",)),
    ("sys.exit", inside("import sys; sys.exit(0)"), GRADED),
    ("quit at the top", before("raise SystemExit(0)").replace(PSNR, ""), ("malformed",)),
    ("segmentation fault", inside("import ctypes; ctypes.string_at(0)"), ("crashed",)),
    ("abort", inside("import os; os.abort()"), ("crashed",)),
    ("recursion", inside("return psnr(prediction, target, data_range)"), GRADED),
    ("deep recursion in C", inside("import sys; sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()"), ("crashed", "graded", "memory", "timeout")),
    ("keyboard interrupt", inside("raise KeyboardInterrupt"), GRADED),
    # floods
    ("memory in pieces", inside("x = []\nwhile True: x.append(bytearray(10**7))"), ("memory",)),
    ("memory at once", inside("return torch.zeros(10**12)"), ("memory",)),
    ("memory of a huge string", inside("return 'x' * 10**11"), ("memory",)),
    ("memory by expand", inside("return torch.zeros(1).expand(10**12)"), GRADED),
    ("memory by maps", inside("import mmap\nx = [mmap.mmap(-1, 2**28) for _ in range(100)]\nreturn 0.0"), ("memory", "graded")),
    ("disk", inside("f = open('flood', 'wb')\nwhile True: f.write(b'x' * 2**20)"), GRADED),
    ("files", inside("for i in range(10**7): open(str(i), 'w').close()"), (*GRADED, *LOOPS)),
    ("output", inside("while True: print('x' * 10**6)"), LOOPS),
    ("output on raw descriptors", inside("import os\nfor i in range(1000):\n    for d in (0, 1, 2): os.write(d, b'x' * 10**5)\nreturn 0.0"), GRADED),
    ("open files", inside("x = [open('/dev/null') for _ in range(10**5)]"), GRADED),
    ("threads", inside("import threading, time\nfor _ in range(10**5): threading.Thread(target=time.sleep, args=(9,)).start()"), GRADED),
    ("a huge integer", inside("return 10 ** (10 ** 5)"), (*GRADED, "malformed")),
    ("a deep list", inside("x = []\nfor _ in range(10**6): x = [x]\nreturn x"), (*GRADED, "malformed", "crashed", "timeout")),
    ("a list of itself", inside("x = []; x.append(x); return (x,)"), GRADED),
    # processes
    ("fork", inside("import os; os.fork()\nreturn 0.0"), ("forbidden",)),
    ("fork bomb", before("import os\nwhile True: os.fork()"), ("forbidden",)),
    ("daemon", inside("import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass"), ("forbidden",)),
    ("subprocess", inside("import subprocess; subprocess.run(['/py/bin/python3.11', '-c', 'while True: pass'])"), ("forbidden",)),
    ("multiprocessing", inside("import multiprocessing; multiprocessing.Process(target=print).start()"), ("forbidden",)),
    ("posix_spawn", inside("import os; os.posix_spawn('/py/bin/python3.11', ['p'], {})"), ("forbidden",)),
    ("execve", inside("import os; os.execv('/py/bin/python3.11', ['p'])"), ("forbidden",)),
    ("clone by hand", inside("import ctypes; ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0); return 0.0"), ("forbidden",)),
    ("kill everybody", wrong_but("import os\nos.kill(0, 9)\nos.kill(-1, 9)"), GRADED),
    ("kill the parent", wrong_but("import os\ntry: os.kill(os.getppid(), 9)\nexcept OSError: pass\ntry: os.kill(1, 9)\nexcept OSError: pass"), GRADED),
    ("ignore all signals", before("import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass"), LOOPS),
    # the grader in its own process
    ("patch allclose", wrong_but("torch.allclose = torch.equal = np.allclose = lambda *a, **k: True"), GRADED),
    ("patch builtins", wrong_but("import builtins\nbuiltins.all = builtins.any = builtins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0"), ("graded", "malformed", "crashed")),
    ("patch tensor", wrong_but("torch.Tensor.__sub__ = lambda a, b: a * 0\ntorch.Tensor.__eq__ = lambda a, b: True"), ("graded", "malformed")),
    ("patch the worker", wrong_but("import sys\nfor m in list(sys.modules.values()):\n    for n in dir(m):\n        if n in ('encode', 'outcome', 'untransportable', 'judge', 'check', 'mismatch'):\n            setattr(m, n, lambda *a, **k: b'')"), ("graded", "malformed", "crashed", "timeout")),
    ("write frames to every descriptor", wrong_but("import os\nfor d in range(64):\n    try: os.write(d, b'\\0' * 12)\n    except OSError: pass"), ("malformed",)),
    ("pretend a verdict", wrong_but("import os, sys\nm = sys.modules['sandbox.wire']\nfor x in (('graded', 1.0), ('report', True), (1, 'value', True, None), ('ready',)):\n    try: os.write(3, m.encode(x))\n    except OSError: pass"), ("malformed", "graded")),
    ("flood of notes", wrong_but("import os, sys\nm = sys.modules['sandbox.wire']\nfor i in range(10**5): os.write(3, m.encode(('note', 'x' * 1000)))"), ("malformed",)),
    ("a message of 2**60 bytes", wrong_but("import os, struct\nos.write(3, struct.pack('>IQ', 10, 2**60))"), ("malformed",)),
    ("half a message", inside("import os, time; os.write(3, b'\\0\\0')\ntime.sleep(10**6)"), LOOPS),
    ("close the socket", inside("import os; os.close(3); return 0.0"), ("crashed",)),
    ("dup2 over the socket", inside("import os; os.dup2(os.open('/dev/zero', 0), 3); return 0.0"), ("crashed", "malformed")),
    ("a shape that lies", wrong_but("import sys\nw = sys.modules['sandbox.wire']\nw.tensor_head = lambda t, body, budget: ['float64', [2**31 - 1] * 3, [0, 1, 2]]"), ("malformed",)),
    ("JSON without end", wrong_but("import os, struct\nb = b'[' * 10**6\nos.write(3, struct.pack('>IQ', len(b), 0) + b)"), ("malformed",)),
    ("search the memory for tensors", inside("import gc\nbest = [o for o in gc.get_objects() if isinstance(o, torch.Tensor) and o.ndim == 0]\nreturn best[0] if best else torch.zeros((), dtype=prediction.dtype)"), GRADED),
    ("frames of the caller", inside("import sys\nf = sys._getframe(1)\nreturn f.f_locals.get('expected', torch.zeros((), dtype=prediction.dtype))"), GRADED),
    # lying values
    ("tensor subclass", "class T(torch.Tensor):\n    def __sub__(self, other): return self * 0\n" + inside("return torch.zeros(()).as_subclass(T)"), GRADED),
    ("equal to everything", "class E:\n    def __eq__(self, o): return True\n    __sub__ = __rsub__ = __abs__ = lambda s, *a: 0\n" + inside("return E()"), GRADED),
    ("float subclass", "class E(float):\n    def __eq__(self, o): return True\n" + inside("return E(3)"), GRADED),
    ("malicious reduction", "class E:\n    def __reduce__(self): return (__import__('os').system, ('touch /tmp/owned',))\n" + inside("return E()"), GRADED),
    ("NaN", inside("return torch.full((), float('nan'), dtype=prediction.dtype)"), GRADED),
    ("a generator", BODY + "    yield 1\n", GRADED),
    ("sparse", inside("return torch.zeros(3).to_sparse()"), GRADED),
    ("meta", inside("return torch.zeros(3, device='meta')"), GRADED),
    ("quantised", inside("return torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)"), GRADED),
    ("a dtype like no other", inside("return torch.zeros((), dtype=torch.float8_e4m3fn)"), (*GRADED, "malformed")),
    ("a class whose name is a message", "E = type('metrics.psnr: correct', (Exception,), {})\n" + inside("raise E('All checks passed ' * 99)"), GRADED),
    ("an exception that cannot be printed", "class E(Exception):\n    def __str__(self): raise E\n    __repr__ = __str__\n" + inside("raise E"), GRADED),
    ("hidden inputs in an exception", inside("raise ValueError('canary-input ' + repr(prediction.flatten()[:3].tolist()))"), GRADED),
    ("resize the inputs", inside("prediction.resize_(0); target.set_(torch.zeros(3)); return torch.zeros(())"), GRADED),
    # reading and writing outside
    ("read /etc/passwd", inside("raise ValueError(open('/etc/passwd').read())"), GRADED),
    ("read the environment", inside("raise ValueError(open('/proc/self/environ').read() + open('/proc/1/environ').read())"), GRADED),
    ("list everything", inside("import os\nraise ValueError('canary-list ' + repr([n for _, d, f in os.walk('/') for n in f if 'psnr' in n or n.endswith('.ipynb')]))"), GRADED),
    ("find the course", inside("import glob\nraise ValueError(repr(glob.glob('/work/**', recursive=True) + glob.glob('/home/**')))"), GRADED),
    ("write over torch", wrong_but("try: open(torch.__file__, 'a').write('x')\nexcept OSError: pass"), GRADED),
    ("write over the worker", wrong_but("import glob\nfor p in glob.glob('/worker/**/*.py', recursive=True):\n    try: open(p, 'w').write('')\n    except OSError: pass"), GRADED),
    ("mount", inside("import ctypes\nctypes.CDLL(None).mount(b'x', b'/tmp', b'proc', 0, None); return 0.0"), ("forbidden",)),
    ("new namespace", inside("import ctypes\nctypes.CDLL(None).unshare(0x10000000); return 0.0"), ("forbidden",)),
    ("ptrace", inside("import ctypes\nctypes.CDLL(None).ptrace(16, 1, 0, 0); return 0.0"), ("forbidden",)),
    ("shared memory", inside("from multiprocessing import shared_memory\nshared_memory.SharedMemory('x', True, 10)"), GRADED),
    ("System V shared memory", inside("import ctypes\nctypes.CDLL(None).shmget(1, 10, 0o1666); return 0.0"), ("forbidden",)),
    ("memfd", inside("import os; os.memfd_create('x'); return 0.0"), ("forbidden",)),
    ("network", inside("import socket; socket.create_connection(('127.0.0.1', 22))"), ("forbidden",)),
    ("name service", inside("import socket; socket.gethostbyname('example.org')"), ("forbidden", "graded")),
    ("download", inside("import urllib.request as u; u.urlopen('http://127.0.0.1/').read()"), ("forbidden", "graded")),
    ("io_uring", inside("import ctypes; ctypes.CDLL(None).syscall(425, 8, 0); return 0.0"), ("forbidden",)),
    ("keyring", inside("import ctypes; ctypes.CDLL(None).syscall(250, 0, 0); return 0.0"), ("forbidden",)),
    ("limits up again", before("import resource\nfor l in (resource.RLIMIT_CPU, resource.RLIMIT_AS):\n    try: resource.setrlimit(l, (-1, -1))\n    except (OSError, ValueError): pass\nwhile True: pass"), LOOPS),
    # the course's own solutions
    ("import the solution", "from paperlens.metrics import psnr", ("forbidden",)),
    ("import the solution inside", inside("import paperlens.metrics as m; return m.psnr(prediction, target, data_range)"), ("forbidden",)),
    ("import by name", inside("import importlib; return importlib.import_module('paperlens.metrics').psnr(prediction, target, data_range)"), ("forbidden",)),
    ("import by a hidden name", inside("return __import__('paper' + 'lens').metrics.psnr(prediction, target, data_range)"), GRADED),
    ("path of the project", inside(f"import sys\nsys.path[:0] = [{str(ROOT / 'src')!r}, {sysconfig.get_path('purelib')!r}, '/site']\nimport importlib; return importlib.import_module('paper' + 'lens.metrics').psnr(prediction, target, data_range)"), GRADED),
    # broken answers
    ("syntax error", "def psnr(prediction target:", ("malformed",)),
    ("null byte", "def psnr(a, b, c):\n    return '\0'", ("malformed",)),
    ("only a comment", "# nothing", ("malformed",)),
    ("not a function", "psnr = 3", ("malformed",)),
    ("wrong name", PSNR.replace("psnr", "pnsr"), ("malformed",)),
    ("too few arguments", PSNR.replace(", data_range)", ")", 1), GRADED),
    ("returns None", BODY + "    pass\n", GRADED),
    ("prose", "I did not have the time, sorry.", ("malformed",)),
    ("a hundred thousand brackets", "x = " + "(" * 100_000, ("malformed",)),
    ("a deep expression", "x = " + "-" * 100_000 + "1\n" + people.WRONG_PSNR, ("malformed", "graded", "crashed", "memory")),
]  # fmt: skip

HONEST: list[tuple[str, str]] = [
    ("right", PSNR),
    ("right with prints", PSNR.replace("    return", "    print(mse)\n    return")),
    ("right with experiments below", PSNR + "plt.plot([1, 2])\nprint(psnr(image, image, 1.0))\n"),
    ("right with the check in the cell", "from paperlens.exercises import check\n" + PSNR + "check('metrics.psnr', psnr)\n"),
    ("right with magic", "%matplotlib inline\n!ls\n" + PSNR),
    ("right with a helper class", "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: float = 10.0\n" + PSNR.replace("10 *", "P().x *")),
    ("right in einops", "from einops import reduce\n" + PSNR.replace(".flatten(1).mean(1)", "").replace(".square()", ".square().pipe" if False else ".square()").replace("    return", "    mse = reduce(mse, 'b c h w -> b', 'mean')\n    return")),
    ("right as a lambda", "psnr = lambda p, t, r: (10 * torch.log10(r**2 / (p - t).square().flatten(1).mean(1))).mean()"),
    ("right with more threads", "torch.set_num_threads(2)\n" + PSNR),
    ("right after an attempt to exit", before("try:\n    raise SystemExit\nexcept SystemExit: pass")),
    ("right after signals", before("import os\nos.kill(0, 9)")),
]  # fmt: skip


def broken(notebook: dict[str, Any]) -> list[Case]:
    """BrokenError files, and cells that were moved about."""
    good = answered(notebook, PSNR, SSIM)

    def edited(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        page = answered(notebook, PSNR, SSIM)
        change(page)
        return page

    def cell(page: dict[str, Any]) -> dict[str, Any]:
        return answer_cell(page, "metrics.psnr")

    text = json.dumps(good)
    none = {"honest": False, "ssim": False}
    return [
        Case("empty file", b"", ("malformed",), **none),
        Case("not JSON", b"# my answer\nprint(1)\n", ("malformed",), **none),
        Case("cut off", text[: len(text) // 2].encode(), ("malformed",), **none),
        Case("a list", b"[]", ("malformed",), **none),
        Case("a number", b"1e999", ("malformed",), **none),
        Case("binary", bytes(range(256)) * 100, ("malformed",), **none),
        Case("a hundred thousand brackets of JSON", b"[" * 100_000, ("malformed",), **none),
        Case("UTF-16", text.encode("utf-16"), GRADED, honest=True),
        Case("no cells", json.dumps({**good, "cells": []}).encode(), ("missing",), **none),
        Case("cells of the wrong kind", json.dumps({**good, "cells": [1, None, "x", [], {}]}).encode(), ("missing",), **none),
        Case("cells is a dict", json.dumps({**good, "cells": {}}).encode(), ("malformed",), **none),
        Case("giant", json.dumps({**good, "x": "y" * (101 << 20)}).encode(), ("malformed",), **none),
        Case("byte order mark", b"\xef\xbb\xbf" + text.encode(), GRADED, honest=True),
        Case("large outputs", edited(lambda p: p["cells"].append({"cell_type": "code", "metadata": {}, "source": "", "outputs": [{"data": {"image/png": "A" * (5 << 20)}}]})), GRADED, honest=True),
        Case("old format 3", {"nbformat": 3, "worksheets": [{"cells": [{**c, "input": c["source"]} for c in good["cells"]]}]}, GRADED, honest=True),
        Case("no metadata anywhere", edited(lambda p: [c.update(metadata={}) for c in p["cells"]]), GRADED, honest=True),
        Case("metadata of the wrong kind", edited(lambda p: [c.update(metadata=[1]) for c in p["cells"]]), GRADED, honest=True),
        Case("source as a list of lines", edited(lambda p: [c.update(source=c["source"].splitlines(True)) for c in p["cells"] if isinstance(c["source"], str)]), GRADED, honest=True),
        Case("lone surrogates", edited(lambda p: cell(p).update(source="# \ud800\n" + PSNR)), GRADED, honest=True),
        Case("duplicated cell", edited(lambda p: p["cells"].append(dict(cell(p)))), GRADED, honest=True),
        Case("duplicated with another text", edited(lambda p: p["cells"].append({**cell(p), "source": people.WRONG_PSNR})), GRADED, honest=True),
        Case("moved to the top", edited(lambda p: p["cells"].insert(0, p["cells"].pop(p["cells"].index(cell(p))))), GRADED, honest=True),
        Case("deleted", edited(lambda p: p["cells"].remove(cell(p))), ("missing",)),
        Case("retyped", edited(lambda p: cell(p).update(cell_type="markdown")), ("malformed",)),
        Case("renamed exercise", edited(lambda p: cell(p)["metadata"]["paperlens"].update(exercise="metrics.ssim2")), GRADED, honest=True),
        Case("answered in a cell of its own", edited(lambda p: (p["cells"].append({"cell_type": "code", "metadata": {}, "source": PSNR}), cell(p).update(source=answer_cell(notebook, "metrics.psnr")["source"]))), GRADED, honest=True),
        Case("all in one cell", edited(lambda p: (cell(p).update(source=PSNR + SSIM), p["cells"].remove(answer_cell(p, "metrics.ssim")))), GRADED, honest=True),
        Case("untouched", notebook, GRADED, ssim=False),
        Case("another broken cell", edited(lambda p: p["cells"].insert(0, {"cell_type": "code", "metadata": {}, "source": "def ("})), GRADED, honest=True),
        Case("duplicate keys", text.replace('"nbformat"', '"cells": [], "nbformat"', 1).encode() if text.find('"nbformat"') < text.find('"cells"') else text.encode(), GRADED, honest=True),
    ]  # fmt: skip


def bank(notebook: dict[str, Any]) -> list[Case]:
    """All of them."""
    attacks = [Case(name, answered(notebook, code, SSIM), statuses) for name, code, statuses in ATTACKS]
    honest = [Case(name, answered(notebook, code, SSIM), GRADED, honest=True) for name, code in HONEST]
    return [*attacks, *honest, *broken(notebook)]
