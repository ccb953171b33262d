"""The names of every system's tensors, in a file: what a checkpoint is can be told without building any network.

`python -m paperlens.checkpoints.index` writes index.json from the catalogue (a test holds it current). One line a
system: the sets of names that its presets have, the authors' and this package's where they differ. Each set has

    required, optional   names without their numbers (`layers.#.weight`) that a checkpoint must or may hold
    presets              those with these names, and of each a checksum of its required names and shapes

A checksum that agrees is a candidate only: `recognise` builds that one configuration and compares every tensor.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).with_name("index.json")
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of some presets' tensors."""

    required: frozenset[str]
    optional: frozenset[str]
    presets: Mapping[str, str]

    def shared(self, stems: frozenset[str]) -> float:
        """Of all the names, the share that a file has in common; optional ones that it lacks do not count."""
        known = self.required | self.optional
        return len(stems & known) / len(stems | self.required)

    def candidates(self, shapes: Shapes) -> list[str]:
        """The presets whose required tensors are those of the file."""
        wanted = checksum({n: s for n, s in shapes.items() if stem(n) in self.required})
        return [preset for preset, own in self.presets.items() if own == wanted]


@cache
def index() -> dict[str, tuple[Names, ...]]:
    """System -> its sets of names."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        system: tuple(
            Names(frozenset(one["required"]), frozenset(one["optional"]), one["presets"]) for one in ways
        )
        for system, ways in found.items()
    }


def stem(name: str) -> str:
    """A name without its numbers."""
    return re.sub(r"\d+", "#", name)


def stems(names: Iterable[str]) -> frozenset[str]:
    """Of many names."""
    return frozenset(map(stem, names))


def checksum(shapes: Shapes) -> str:
    """Of names and shapes, whatever their order."""
    rows = sorted(f"{name} {tuple(shape)}" for name, shape in shapes.items())
    return sha256("\n".join(rows).encode()).hexdigest()[:12]


def written() -> str:
    """The file's text, made from the catalogue: every preset of every system on the meta device."""
    from paperlens.checkpoints.recognise import forms
    from paperlens.models import CATALOGUE

    lines = []
    for system in sorted(CATALOGUE):
        groups: dict[tuple[frozenset[str], frozenset[str]], dict[str, str]] = {}
        for preset in CATALOGUE[system].presets:
            for shapes, names in forms(system, preset):
                required = stems(names)
                own = checksum({n: s for n, s in shapes.items() if stem(n) in required})
                groups.setdefault((required, stems(shapes) - required), {})[preset] = own
        ways = [
            {"required": sorted(required), "optional": sorted(optional), "presets": presets}
            for (required, optional), presets in groups.items()
        ]
        lines.append(f" {json.dumps(system)}: {json.dumps(ways, separators=(',', ':'))}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
    print(FILE, f"{FILE.stat().st_size:,} bytes", file=sys.stderr)
