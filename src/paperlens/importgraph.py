"""Which modules of paperlens a piece of code can load, read from the syntax trees; nothing is imported.

An import inside a function counts, one under `if TYPE_CHECKING` does not. `from package import name` follows the
package's EXPORTS table (paperlens.lazy) to the one module that defines the name; a package that is imported as a whole
stands for all that it exports. Names in strings (the catalogues) are not followed: what a run took from a catalogue is
among the modules that it loaded.
"""

import ast
import hashlib
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# Tables that name modules in strings. A new row changes nothing for whoever uses another one: a digest leaves them out.
TABLES = frozenset({"CATALOGUE", "EXPORTS", "FILES", "RECIPES"})


@dataclass(frozen=True, slots=True)
class Import:
    """`import module` (no name), or `from module import name`."""

    module: str
    name: str | None = None


def imports(source: str, package: str = "") -> set[Import]:
    """Every import of a text; relative ones are resolved against `package`."""
    found: set[Import] = set()
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {Import(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*up, *([node.module] if node.module else [])])
            found |= {Import(module, alias.name) for alias in node.names}
    return found


def module_file(name: str) -> Path | None:
    """The file of a module of this package; None where the name is something inside one, or another package's."""
    first, *rest = name.split(".")
    if first != PACKAGE.name:
        return None
    stem = PACKAGE.joinpath(*rest)
    return next((p for p in (stem / "__init__.py", stem.with_suffix(".py")) if p.is_file()), None)


def module_name(file: Path) -> str:
    """The dotted name of a file of this package."""
    parts = file.resolve().relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def exported(module: str) -> Mapping[str, str]:
    """A package's EXPORTS table, read from its text; empty where it has none."""
    file = module_file(module)
    return _read(file, file.stat().st_mtime_ns).exports if file else {}


@dataclass(frozen=True, slots=True)
class Reach:
    """What code can load: modules of paperlens with their files, and the other packages it names."""

    modules: dict[str, Path]
    packages: set[str]

    def digest(self) -> str:
        """One SHA-256 over the modules' names and texts."""
        total = hashlib.sha256()
        for name, file in sorted(self.modules.items()):
            total.update(name.encode() + b"\n" + content(file))
        return total.hexdigest()


def content(file: Path) -> bytes:
    """A hash of a module's text without its TABLES."""
    return _read(file, file.stat().st_mtime_ns).content


def reach(wanted: Iterable[Import | str], *, without: Collection[str] = ()) -> Reach:
    """Everything that `wanted` (imports, or names of modules) can load, directly or through others.

    `without` names modules that are left out together with what only they lead to.
    """
    modules: dict[str, Path] = {}
    packages: set[str] = set()
    waiting = [Import(one) if isinstance(one, str) else one for one in wanted]
    seen: set[Import] = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one.module.partition(".")[0] != PACKAGE.name:
            packages.add(one.module.partition(".")[0])
            continue
        for name in _meant(one):
            parts = name.split(".")
            for module in (".".join(parts[: depth + 1]) for depth in range(len(parts))):
                file = module_file(module)
                if file is None or module in modules or module in without:
                    continue
                modules[module] = file
                waiting += _read(file, file.stat().st_mtime_ns).imports
    return Reach(modules, {name for name in packages if name and name not in sys.stdlib_module_names})


def _meant(one: Import) -> list[str]:
    """The modules that an import of paperlens names: a submodule, the home of an exported name, or all exports."""
    table = exported(one.module)
    if one.name is None or one.name == "*":
        return [one.module, *table.values()]
    if one.name in table:
        return [one.module, table[one.name]]
    inner = f"{one.module}.{one.name}"
    return [inner, *exported(inner).values()] if module_file(inner) else [one.module]


@dataclass(frozen=True, slots=True)
class _Module:
    imports: frozenset[Import]
    exports: Mapping[str, str]
    content: bytes


@cache
def _read(file: Path, changed: int) -> _Module:
    """What a module's text says; `changed` is when it was written, so that an edit is read again."""
    source = file.read_text(encoding="utf-8")
    name = module_name(file)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    exports: dict[str, str] = {}
    rows: set[int] = set()
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or target.id not in TABLES:
            continue
        if target.id == "EXPORTS":
            exports = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        rows |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    text = "\n".join(line for number, line in enumerate(source.splitlines(), 1) if number not in rows)
    return _Module(frozenset(imports(source, package)), exports, hashlib.sha256(text.encode()).digest())
