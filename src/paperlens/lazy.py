"""Names that a package offers without importing the modules that hold them (PEP 562).

A package's `__init__` says in one literal table which module defines which name:

    EXPORTS = {"phantom": "paperlens.data.phantoms"}
    __getattr__, __dir__ = exports(__name__, EXPORTS)

`paperlens.importgraph` reads the same table from the text. A name must not be that of a submodule: once the submodule
is imported, Python would hand it out instead (tests/test_imports.py holds that).
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def exports(package: str, table: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package that imports the module of a name when the name is first used."""

    def get(name: str) -> Any:
        if name not in table:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(table[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *table})

    return get, listed
