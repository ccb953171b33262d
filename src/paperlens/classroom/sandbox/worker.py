"""Runs one answer behind the wall: reads its cells, calls its function as often as asked, sends back what came out.

Nothing here decides about a score. The answer shares this process and may change all of it; the judge on the other
side treats every byte that arrives as the answer's word.
"""

import ast
import builtins
import importlib
import linecache
import math
import os
import socket
import sys
import traceback
from typing import Any

import einops
import einops.layers.torch
import numpy as np
import torch
import torch.nn.functional as F

from . import standins, wire

# Behind the wall there is no package of the course's name; the file stands there by itself.
reach: Any = importlib.import_module(
    "reach" if __package__ == "sandbox" else "paperlens.exercises.engine.reach"
)

ANSWER_FILE = "<answer>"
LARGEST_OUTPUT = 2**24  # values; the same bound as in `paperlens.exercises`
NOTES = 20
WATCHED = {
    **{
        "os.fork": "started a process",
        "os.forkpty": "started a process",
        "os.posix_spawn": "started a process",
    },
    **{"os.exec": "ran a program", "os.system": "ran a program", "subprocess.Popen": "ran a program"},
    **{
        "socket.__new__": "opened a socket",
        "socket.connect": "used the network",
        "socket.getaddrinfo": "used the network",
    },
    **{
        "os.kill": "sent a signal",
        "ctypes.dlopen": "loaded a C library",
        "ctypes.dlsym": "called a C library",
    },
    **{
        "os.listdir": "listed a folder",
        "os.scandir": "listed a folder",
        "gc.get_objects": "searched the memory",
    },
    **{"gc.get_referrers": "searched the memory"},
    **{"os.remove": "deleted a file", "os.symlink": "made a link", "os.link": "made a link"},
}
LIBRARY_FOLDERS = ("/py/", "/site/", "/usr/", "/worker/")


class Channel:
    """Whole messages over one socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, value: Any) -> None:
        """Send one message."""
        self.send_encoded(wire.encode(value))

    def send_encoded(self, message: bytes) -> None:
        """Send a message that `wire.encode` made."""
        self.connection.sendall(message)

    def receive(self) -> Any:
        """The next message; the process ends when the judge has hung up."""
        head, body = wire.lengths(bytes(self.read(wire.PREFIX.size)))
        return wire.decode(bytes(self.read(head)), self.read(body))

    def read(self, size: int) -> bytearray:
        """Exactly `size` bytes."""
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = self.connection.recv_into(view)
            if count == 0:
                os._exit(0)
            view = view[count:]
        return buffer


def warm_up() -> None:
    """Touch what answers use, single-threaded, so that no fork pays for a first call."""
    torch.set_num_threads(1)
    image = torch.rand(1, 4, 8, 8, requires_grad=True)
    F.interpolate(
        F.conv2d(image, torch.rand(4, 4, 3, 3), padding=1), scale_factor=2, mode="bicubic"
    ).sum().backward()  # type: ignore[no-untyped-call]
    tokens = einops.rearrange(image.detach(), "b c h w -> b (h w) c")
    F.scaled_dot_product_attention(tokens, tokens, tokens)
    torch.einsum("b n c, b m c -> b n m", tokens, tokens).softmax(-1) @ tokens
    F.layer_norm(tokens, (4,))
    torch.fft.ifft2(torch.fft.fft2(image.detach())).abs()
    torch.linalg.svd(tokens[0])
    F.unfold(image.detach(), 3)
    wire.decode(b'["none"]', bytearray())
    page = reach.Notebook(["import math\nK = 2 * 3", "def f(x):\n    return math.sqrt(K * x)"])
    page.select(page.candidates("x.f", "f", [])[0])


def serve(connection: socket.socket) -> None:
    """Say hello, take one answer, then answer calls until the judge hangs up."""
    channel = Channel(connection)
    channel.send(("hello",))
    task = channel.receive()
    torch.manual_seed(0)
    sys.setrecursionlimit(3000)
    watch(channel)
    try:
        notebook = reach.Notebook(task["cells"])
        candidates = notebook.candidates(task["exercise"], task["function"], task["marked"])
        answer = candidates[min(task["attempt"], len(candidates) - 1)]
        selection = notebook.select(answer)
        # All this was read, nothing was run: these words are still ours.
        place = notebook.statements[answer.defined].cell
        channel.send(("found", len(candidates), place, answer.checked, answer.stub, selection.unknown[:3]))
        function, problem = load(notebook, answer, selection)
    except reach.RefusedError as refusal:
        channel.send(("refused", refusal.status, str(refusal)))
        return
    except MemoryError:
        channel.send(("refused", "memory", "ran out of memory while its cells were run"))
        return
    if not callable(function):
        failed = f"; a cell that it needs raised {problem}" if problem else ""
        sentence = f"the answer cell defines no function `{ast.unparse(answer.target)[:60]}`{failed}"
        channel.send(("refused", "malformed", sentence))
        return
    channel.send(("ready", problem))
    while True:
        number, args, kwargs = channel.receive()
        channel.send_encoded(reply(number, function, args, kwargs))


def load(notebook: Any, answer: Any, selection: Any) -> tuple[Any, str]:
    """What the answer's name stands for, and the first exception of a statement that it needs.

    Statements run in the notebook's order.
    """
    standins.install(reach.STAND_INS)
    if (
        __package__ == "sandbox"
    ):  # it wants a compiler in a second process; the function computes the same without
        torch.compile = uncompiled  # type: ignore[assignment]
    space: dict[str, Any] = {
        "__name__": "__main__",
        "torch": torch,
        "F": F,
        "nn": torch.nn,
        "math": math,
        "np": np,
    }
    space |= {"einops": einops, "Tensor": torch.Tensor}
    space |= {name: getattr(einops, name) for name in ("rearrange", "reduce", "repeat", "einsum")}
    space |= dict.fromkeys(("check", "display", "get_ipython"), nothing) | {"use": lambda _, mine=None: mine}
    problem = ""
    own = notebook.statements[answer.defined].cell
    files = {
        number: ANSWER_FILE if number == own else f"<cell {number}>" for number in range(len(notebook.cells))
    }
    for number, file in files.items():  # torch.jit and tracebacks ask for the text
        text = notebook.cells[number]
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    waiting = [(one, files[one.cell]) for one in selection.statements]
    for last in (False, True):
        failed = []
        for one, file in waiting:
            try:
                exec(notebook.compiled(one.node, file), space)
            except MemoryError:
                raise
            except NameError:
                failed.append((one, file))  # cells that were run in another order than they stand
            except BaseException as error:
                problem = problem or exception_name(error)
        waiting = failed
        if last and failed:
            problem = problem or "NameError"
    try:
        found = eval(compile(ast.Expression(answer.target), ANSWER_FILE, "eval"), space)
    except MemoryError:
        raise
    except BaseException:
        found = None
    return found, problem


def uncompiled(function: Any = None, **_: Any) -> Any:
    """`torch.compile` as a call or a decorator: gives the function back."""
    return function if function is not None else uncompiled


def nothing(*_: Any, **__: Any) -> None:
    """Stands for what a class has no screen for."""


def reply(number: int, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """The message (number, "value", output, arguments that were changed or None), or what went wrong in our words."""
    before = wire.encode((args, kwargs))
    try:
        value = function(*args, **kwargs)
        problem = untransportable(value)
        if problem:
            return wire.encode((number, "returned", problem))
        changed = (args, kwargs) if wire.encode((args, kwargs)) != before else None
        return wire.encode((number, "value", value, changed))
    except BaseException as error:
        # torch reports exhausted memory so; no other class's text is asked for, it could be the answer's own.
        exhausted = type(error) is RuntimeError and "allocate memory" in str(error)[:2000]
        if isinstance(error, MemoryError) or exhausted:
            return wire.encode((number, "memory"))
        return wire.encode((number, "raised", exception_name(error), raised_at(error)))


def untransportable(value: Any) -> str:
    """A name for a value that `check` would not take either: it wants plain tensors, numbers, and tuples of them."""
    if type(value) is tuple and len(value) <= 16:
        return next((problem for problem in map(untransportable, value) if problem), "")
    if type(value) is torch.Tensor:
        if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
            return "sparse"
        return "large" if value.numel() > LARGEST_OUTPUT else ""
    if value is None or type(value) in (bool, int, float, complex):
        return ""
    module = type(value).__module__.partition(".")[0]
    return type(value).__name__ if module in ("builtins", "torch", "numpy") else "object of its own class"


def exception_name(error: BaseException) -> str:
    """The nearest class that Python itself knows: a name of the answer's own could carry anything."""
    return next(
        (kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind),
        "an error",
    )


def raised_at(error: BaseException) -> int:
    """The last line of the answer cell that the exception passed through, 0 if none."""
    lines = [
        frame.lineno
        for frame, _ in [(f, 0) for f in traceback.extract_tb(error.__traceback__)]
        if frame.filename == ANSWER_FILE
    ]
    return (lines[-1] or 0) if lines else 0


def watch(channel: Channel) -> None:
    """Tell the teacher what an answer tried. A report, not a wall: the walls are outside of Python."""
    said: set[str] = set()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        path = args[0] if args and isinstance(args[0], str) else ""
        if path.startswith((*LIBRARY_FOLDERS, "<")):
            note = ""  # Python's own imports
        elif event == "open":
            note = (
                "opened a file outside of its own folder" if path.startswith(("/", "..")) else "opened a file"
            )
        elif event == "import" and str(args[0]).partition(".")[0] == "paperlens":
            note = "imported the course's package"
        else:
            note = WATCHED.get(event, "")
        if note and note not in said and len(said) < NOTES:
            said.add(note)
            channel.send(("note", note))

    sys.addaudithook(hook)
