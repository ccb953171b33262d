"""See whether an answer leans on paperlens itself, which holds the solutions; nothing of it is run."""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from paperlens.exercises.engine.use import Ours

PACKAGE = re.compile(r"paperlens(\.\w+)*")
MOST_OBJECTS = 2000
OURS = "calls ours of {name}, as `use` handed it out; pass that check first, or write its lines here"
SENTENCE = "uses paperlens itself ({name}); write it with torch, numpy, einops and the standard library"


def uses_paperlens(function: Any) -> str | None:
    """One sentence when the answer imports paperlens or refers to an object from it, else None.

    Followed are the function's code with all that is nested in it, its defaults and closure, the names it
    reads from its own module, and the functions and classes of that module which it calls.
    """
    home = written_in(function)
    waiting, seen = [function], set[int]()
    while waiting and len(seen) < MOST_OBJECTS:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is Ours:
            return OURS.format(name=value.id)
        name = _from_package(value)
        if name:
            return SENTENCE.format(name=name)
        if isinstance(value, CodeType):
            named = next((n for n in (*value.co_names, *_texts(value)) if PACKAGE.fullmatch(n)), None)
            if named:
                return SENTENCE.format(name=named)
        waiting += _parts(value, home)
    return None


def _from_package(value: Any) -> str | None:
    """The dotted name of an object that paperlens defines."""
    owner = value if _is_class(value) or type(value) in (FunctionType, BuiltinFunctionType) else type(value)
    module, name = _attribute(owner, "__module__"), _attribute(owner, "__name__")
    if issubclass(type(value), ModuleType):
        module, name = object.__getattribute__(value, "__dict__").get("__name__"), ""
    if type(module) is not str or not PACKAGE.fullmatch(module):
        return None
    return f"{module}.{name}" if name else module


def _is_class(value: Any) -> bool:
    """As isinstance(value, type), which would ask an object for its `__class__` and so run its code."""
    return issubclass(type(value), type)


def _attribute(value: Any, name: str) -> Any:
    """An attribute of a class or function, past what a metaclass of the student's may do."""
    if _is_class(value):
        return vars(type)[name].__get__(value)
    return object.__getattribute__(value, name)


def _texts(code: CodeType) -> Iterator[str]:
    return (text for text in code.co_consts if type(text) is str)


def _parts(value: Any, home: dict[str, Any]) -> Iterator[Any]:
    """What an object refers to and what runs when it is called."""
    if type(value) is functools.partial:
        yield from (value.func, *value.args, *value.keywords.values())
    elif type(value) is MethodType:
        yield from (value.__func__, value.__self__)
    elif type(value) is FunctionType:
        yield from (value.__code__, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values())
        yield from _contents(value)
        if value.__globals__ is home or value.__module__ == "__main__":
            names = {name for code in _nested(value.__code__) for name in code.co_names}
            yield from (value.__globals__[name] for name in names if name in value.__globals__)
        if "__wrapped__" in value.__dict__:
            yield value.__dict__["__wrapped__"]
    elif type(value) is CodeType:
        yield from (constant for constant in value.co_consts if type(constant) is CodeType)
    elif _is_class(value):
        if _is_own(value, home):
            yield from (member for base in value.__mro__[:-1] for member in vars(base).values())
    elif type(value) in (staticmethod, classmethod):
        yield value.__func__
    elif type(value) in (list, tuple, set, frozenset):
        yield from list(value)[:100]
    elif type(value) is dict and value is not home:
        yield from list(value.values())[:100]
    elif _is_own(type(value), home) or not home:
        yield type(value)
        with contextlib.suppress(AttributeError):
            yield from object.__getattribute__(value, "__dict__").values()


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _nested(constant)


def _contents(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # a name that is bound only later


def _is_own(cls: type, home: dict[str, Any]) -> bool:
    """Whether a class was written where the answer was."""
    module = _attribute(cls, "__module__")
    return type(module) is str and module in ("__main__", home.get("__name__"))


def written_in(function: Any) -> dict[str, Any]:
    """The names of the module in which the answer was written."""
    if type(function) is functools.partial:
        return written_in(function.func)
    if type(function) is MethodType:
        return written_in(function.__func__)
    if type(function) is FunctionType:
        return function.__globals__
    method = inspect.getattr_static(type(function), "__call__", None)
    return method.__globals__ if type(method) is FunctionType else {}
