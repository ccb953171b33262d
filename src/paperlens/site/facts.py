"""What exercises and models say of themselves, kept, so that a prose edit need not import them."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from paperlens.errors import UserError
from paperlens.exercises.catalogue import modules
from paperlens.site.keys import digest, package_files
from paperlens.site.places import here, write


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
    """Model of the catalogue -> its module; of each preset parameters and MACs; the preset of each golden, or None."""

    def read() -> dict[str, Any]:
        from paperlens.models import CATALOGUE

        found = {}
        for name, e in CATALOGUE.items():
            goldens = {
                golden: next((preset for preset, known in e.presets.items() if known == config), None)
                for golden, config in getattr(e.module, "GOLDENS", {}).items()
                if type(config) is e.config
            }
            macs = {p: m for p, m in getattr(e.module, "MACS", {}).items() if p in e.presets}
            parameters = dict(e.parameters)
            found[name] = {
                "module": e.module.__name__,
                "parameters": parameters,
                "macs": macs,
                "goldens": goldens,
            }
        return found

    return _kept("models", ["paperlens.models"], read)


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
