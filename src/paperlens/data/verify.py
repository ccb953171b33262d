"""Is every shipped file the one that its card describes, and small enough? `paperlens data verify`."""

import csv
import hashlib
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

FILE_LIMIT = 4_000_000
TOTAL_LIMIT = 40_000_000
DESCRIBED = {"photographs", "checkpoints", "demos", "physics", "results"}


def problems(root: Path) -> list[str]:
    """One sentence for each thing wrong below the data folder; an empty list where all is well."""
    found = []
    files = sorted(f for f in root.rglob("*") if f.is_file())
    total = sum(f.stat().st_size for f in files)
    if total > TOTAL_LIMIT:
        found.append(f"the files have {total} bytes in all; the limit is {TOTAL_LIMIT}.")
    for file in files:
        name, size = file.relative_to(root), file.stat().st_size
        if size >= FILE_LIMIT:
            found.append(f"{name} has {size} bytes; the limit is {FILE_LIMIT}.")
        if name.parts[0] not in DESCRIBED and str(name) != "README.md":
            found.append(f"{name} lies where no card describes it.")
    for check in (_photographs, _checkpoints, _demos, _tables, _results):
        found += check(root)
    return found


def sha256(file: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _photographs(root: Path) -> Iterator[str]:
    folder = root / "photographs"
    card = folder / "photographs.json"
    if not folder.is_dir():
        return
    record, wrong = _read(root, card, {"pictures"})
    yield from wrong
    rows = record.get("pictures", [])
    for row in rows:
        file = folder / str(row.get("file"))
        yield from _same(root, file, row.get("sha256"))
        yield from (
            f"photographs/photographs.json: {row.get('name')} has no {fact}."
            for fact in ("title", "credit", "licence", "source", "origin")
            if not row.get(fact)
        )
        try:
            with Image.open(file) as picture:
                size = (row.get("width"), row.get("height"))
                if picture.size != size:
                    yield f"photographs/{file.name} measures {picture.size}; its card says {size}."
        except FileNotFoundError:
            continue  # said above
        except (UnidentifiedImageError, OSError):
            yield f"photographs/{file.name} is not a picture."
    yield from _uncarded(root, folder, {card.name, *(str(row.get("file")) for row in rows)})


def _checkpoints(root: Path) -> Iterator[str]:
    for card in sorted((root / "checkpoints").glob("*.json")):
        record, wrong = _read(root, card, {"sha256", "licence", "made", "commit", "trained_on", "parameters"})
        yield from wrong
        weights = card.with_suffix(".safetensors")
        yield from _same(root, weights, record.get("sha256"))
        if weights.is_file() and "parameters" in record:
            held = _numbers(weights)
            if held is None:
                yield f"{weights.relative_to(root)} is not a safetensors file."
            elif held < record["parameters"]:
                yield f"{weights.relative_to(root)} holds {held} numbers; its card says {record['parameters']}."
    yield from _pairs(root, root / "checkpoints", ".safetensors")


def _demos(root: Path) -> Iterator[str]:
    for card in sorted((root / "demos").glob("*.json")):
        record, wrong = _read(root, card, {"sha256", "licence", "made"})
        yield from wrong
        file = card.with_suffix(".onnx")
        yield from _same(root, file, record.get("sha256"))
        if file.is_file() and record.get("bytes", file.stat().st_size) != file.stat().st_size:
            yield f"{file.relative_to(root)} has {file.stat().st_size} bytes; its card says {record['bytes']}."
        trained = root / "checkpoints" / f"{card.stem}.safetensors"
        if "checkpoint_sha256" in record and trained.is_file():
            yield from _same(root, trained, record["checkpoint_sha256"], f"the card of demos/{file.name}")
    yield from _pairs(root, root / "demos", ".onnx")


def _tables(root: Path) -> Iterator[str]:
    folder = root / "physics"
    if not folder.is_dir():
        return
    about = (folder / "README.md").read_text(encoding="utf-8") if (folder / "README.md").is_file() else ""
    for table in sorted(folder.glob("*.csv")):
        if f"`{table.name}`" not in about:
            yield f"physics/{table.name} is not described in physics/README.md."
        with table.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream), 2):
                yield from (
                    f"physics/{table.name}, line {number}: no {fact}."
                    for fact in ("source", "checked")
                    if not row.get(fact)
                )


def _results(root: Path) -> Iterator[str]:
    folder = root / "results"
    for file in sorted(folder.rglob("*.json")):
        record, wrong = _read(root, file, set())
        yield from wrong
        name = file.relative_to(folder).as_posix()
        if wrong or not name.startswith("recipes/"):
            continue
        study = name.removeprefix("recipes/").removesuffix(".json")
        if record.get("study") != study:
            yield f"results/{name} is the result of {record.get('study')!r}."
        if not record.get("results"):
            yield f"results/{name} has no results."


def _read(root: Path, card: Path, wanted: set[str]) -> tuple[dict[str, Any], list[str]]:
    name = card.relative_to(root)
    try:
        record = json.loads(card.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [f"{name} is missing."]
    except ValueError as error:
        return {}, [f"{name} is not JSON ({error})."]
    if not isinstance(record, dict):
        return {}, [f"{name} is not a card."]
    return record, [f"{name} has no {fact}." for fact in sorted(wanted) if not record.get(fact)]


def _same(root: Path, file: Path, wanted: object, card: str = "its card") -> Iterator[str]:
    name = file.relative_to(root)
    if not file.is_file():
        yield f"{name} is missing; {card} describes it."
    elif (found := sha256(file)) != wanted:
        yield f"{name} has checksum {found[:12]}...; {card} says {str(wanted)[:12]}...."


def _pairs(root: Path, folder: Path, suffix: str) -> Iterator[str]:
    cards = {card.stem for card in folder.glob("*.json")}
    names = {f"{stem}{end}" for stem in cards for end in (".json", suffix)}
    if folder.is_dir():
        yield from _uncarded(root, folder, names)


def _uncarded(root: Path, folder: Path, described: set[str]) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and str(file.relative_to(folder)) not in described:
            yield f"{file.relative_to(root)} has no card."


def _numbers(weights: Path) -> int | None:
    """How many numbers a safetensors file holds: its own header is JSON behind eight bytes of length."""
    content = weights.read_bytes()
    try:
        length = struct.unpack("<Q", content[:8])[0]
        header: dict[str, dict[str, list[int]]] = json.loads(content[8 : 8 + length])
        return sum(math.prod(t["shape"]) for name, t in header.items() if name != "__metadata__")
    except (struct.error, ValueError, KeyError, AttributeError, TypeError):
        return None
