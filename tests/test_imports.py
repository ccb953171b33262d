"""Imports go one way (design: `a <- b`, b imports a), and the models need five packages only."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paperlens import importgraph

SOURCE = Path(__file__).parent.parent / "src" / "paperlens"

# room -> rooms it may import from; written out, so that a new arrow is a decision and not an accident.
FREE = {"errors", "lazy", "importgraph"}
OPS = FREE | {"ops"}
PHYSICS = OPS | {"physics"}
DATA = PHYSICS | {"data"}
SCORES = OPS | {"losses", "metrics"}
MODELS = OPS | {"layers", "models"}
TRAIN = DATA | SCORES | MODELS | {"train"}
ALLOWED = {
    "errors": set(),
    "lazy": set(),
    "importgraph": set(),
    "ops": OPS,
    "layers": OPS | {"layers"},
    "models": MODELS,
    "physics": PHYSICS,
    "data": DATA,
    "losses": SCORES,
    "metrics": SCORES,
    "train": TRAIN,
    "checkpoints": TRAIN | {"checkpoints"},
    "recipes": TRAIN | {"recipes"},
    "exercises": TRAIN | {"exercises"},
    "figures": TRAIN | {"figures"},
    "claims": FREE | {"claims"},
}
TOP = {"classroom", "site", "cli"}  # may import anything; nothing below imports them
FIVE = {"torch", "numpy", "einops", "safetensors", "jaxtyping"}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    """The rooms of paperlens that the file names in an import or exports lazily."""
    name = importgraph.module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = {
        f"{one.module}.{one.name}" if one.module == "paperlens" else one.module
        for one in importgraph.imports(path.read_text(encoding="utf-8"), package)
    }
    if path.name == "__init__.py":
        found |= set(importgraph.exported(name).values())
    return {module.split(".")[1] for module in found if module.startswith("paperlens.")}


FILES = sorted(p for p in SOURCE.rglob("*.py") if "_data" not in p.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_direction(path: Path) -> None:
    name = room(path)
    if name in TOP or name == "__init__":
        return
    assert name in ALLOWED, f"{name} is a new room: decide in tests/test_imports.py what it may import"
    assert imported_rooms(path) <= ALLOWED[name], f"{name} may import {sorted(ALLOWED[name])} only"


def test_contributing_names_every_room_and_no_other() -> None:
    text = (SOURCE.parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| room of `src/paperlens` |")[2].partition("\n\n")[0]
    first = [row.split("|")[1] for row in table.splitlines()[2:]]
    told = {name.removesuffix(".py") for cell in first for name in re.findall(r"`([\w.]+)`", cell)}
    assert told == (set(ALLOWED) | TOP), "the table of rooms in CONTRIBUTING.md and ALLOWED here differ"
    rooms = {room(p) for p in FILES} - {"__init__"}
    assert told == rooms


def test_models_need_five_packages_only() -> None:
    """Anything third-party beyond the five (and what they need themselves) raises on import."""
    script = """
import sys
import torch, numpy, einops, safetensors.torch, jaxtyping
class Closed:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in known and top not in sys.stdlib_module_names:
            raise ImportError(f"paperlens.models imports {name}")
known = {name.partition(".")[0] for name in sys.modules} | {"paperlens"}
sys.meta_path.insert(0, Closed())
import paperlens.models, paperlens.models.published
print("imported")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "imported\n", done.stderr


PACKAGES = [p for p in FILES if p.name == "__init__.py" and importgraph.exported(importgraph.module_name(p))]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda p: p.parent.name)
def test_what_a_package_exports_is_there_and_is_no_submodule(path: Path) -> None:
    """A submodule of the same name would be handed out instead, once it is imported."""
    package = importgraph.module_name(path)
    for name, module in importgraph.exported(package).items():
        assert importgraph.module_file(f"{package}.{name}") is None, f"{package}.{name} is also a module"
        assert importgraph.module_file(module) is not None, f"{package} exports {name} of {module}, no module"
        assert hasattr(importlib.import_module(package), name)
