"""Imports go one way (design: `a <- b`, b imports a), and the models need five packages only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "paperlens"

# room -> rooms it may import from; written out, so that a new arrow is a decision and not an accident.
FREE = {"errors"}
OPS = FREE | {"ops"}
PHYSICS = OPS | {"physics"}
DATA = PHYSICS | {"data"}
SCORES = OPS | {"losses", "metrics"}
MODELS = OPS | {"layers", "models"}
TRAIN = DATA | SCORES | MODELS | {"train"}
ALLOWED = {
    "errors": set(),
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
}
TOP = {"classroom", "site", "cli"}  # may import anything; nothing below imports them
FIVE = {"torch", "numpy", "einops", "safetensors", "jaxtyping"}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    """The rooms of paperlens that the file names in an import, relative imports resolved."""
    package = ["paperlens", *path.relative_to(SOURCE).with_suffix("").parts[:-1]]
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{module}.{alias.name}" for alias in node.names] if module == "paperlens" else [module]
    return {name.split(".")[1] for name in names if name.startswith("paperlens.")}


FILES = sorted(p for p in SOURCE.rglob("*.py") if "_data" not in p.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_direction(path: Path) -> None:
    name = room(path)
    if name in TOP or name == "__init__":
        return
    assert name in ALLOWED, f"{name} is a new room: decide in tests/test_imports.py what it may import"
    assert imported_rooms(path) <= ALLOWED[name], f"{name} may import {sorted(ALLOWED[name])} only"


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
