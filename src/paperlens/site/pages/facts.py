"""What exercises and models say of themselves, kept, so that a prose edit need not import them."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from paperlens.errors import UserError
from paperlens.exercises.catalogue import modules
from paperlens.importgraph import module_name
from paperlens.site.places import PACKAGE, here, write
from paperlens.site.run.keys import digest, package_files


def _kept(name: str, modules: Iterable[str], read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `read` finds in `modules`, from build/NAME.json while no file behind them has changed."""
    place = here().build / f"{name}.json"
    key = digest(package_files(modules)[0])
    if place.is_file():
        kept = json.loads(place.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return dict(kept["found"])
    found = read()
    write(place, json.dumps({"key": key, "found": found}, indent=1))
    return found


@cache
def exercises() -> dict[str, dict[str, Any]]:
    """Exercise id -> minutes, difficulty, importance, points, summary."""

    def read() -> dict[str, Any]:
        from paperlens.exercises.catalogue import all_exercises

        names = ("minutes", "difficulty", "importance", "points", "summary")
        return {e.id: {name: getattr(e, name) for name in names} for e in all_exercises()}

    return _kept("exercises", ["paperlens.exercises", *modules()], read)


@cache
def models() -> dict[str, dict[str, Any]]:
    """Model of the catalogue -> module, origin, licence; by preset parameters, MACs, published sizes; goldens.

    A golden has its preset, or None where its network is smaller than any.
    """

    def read() -> dict[str, Any]:
        from paperlens.models import CATALOGUE

        return {
            name: {
                "module": e.module.__name__,
                "origin": e.origin,
                "licence": e.licence,
                "parameters": dict(e.parameters),
                "macs": dict(e.macs),
                "published_sizes": dict(e.published_sizes),
                "goldens": {
                    golden: next((preset for preset, known in e.presets.items() if known == config), None)
                    for golden, config in e.goldens.items()
                },
            }
            for name, e in CATALOGUE.items()
        }

    files = sorted((PACKAGE / "models").rglob("*.py"))  # the catalogue names its files in strings
    return _kept("models", [module_name(file) for file in files], read)


def contract(exercise: str) -> str:
    """The exercise's own summary, for a box that is left empty; Markdown with formulas."""
    return str(exercises()[exercise]["summary"])


def heading(exercise: str) -> str:
    """`difficulty 2 of 5, importance 4 of 5, 12 minutes`; UserError for an unknown id."""
    known = exercises()
    if exercise not in known:
        raise UserError(
            f"no exercise is called {exercise!r}; there are {', '.join(sorted(known)) or 'none'}."
        )
    fact = known[exercise]
    difficulty, importance = fact["difficulty"], fact["importance"]
    return f"difficulty {difficulty} of 5, importance {importance} of 5, {fact['minutes']} minutes"
