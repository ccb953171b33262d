"""Packages that only draw or show: in a class they can be imported, and do nothing.

Chapters import them beside the answers; a sandbox has no screen, and their real ones cost a second to import.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Collection, Iterator, Sequence
from types import ModuleType
from typing import Any


class Nothing:
    """Takes any call, attribute or item, and gives another of its kind."""

    def __call__(self, *_: Any, **__: Any) -> "Nothing":
        """Itself again."""
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: Any) -> "Nothing":
        return self

    def __setitem__(self, _: Any, __: Any) -> None:
        return

    def __iter__(self) -> Iterator["Nothing"]:
        return iter((self, self))  # `figure, axes = plt.subplots()`

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *_: Any) -> None:
        return


class StandIn(ModuleType):
    """A module of nothing."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds them, and nothing else."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A module of nothing for one of the names."""
        if name.partition(".")[0] not in self.names:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Empty."""
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def install(names: Collection[str]) -> None:
    """Behind the wall they are found where the real ones are missing; outside the real ones come first."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder(names))
