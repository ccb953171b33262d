"""How long the book takes: cold, warm, after a text edit, after a code edit, and each chapter; printed as Markdown.

    .venv/bin/python benchmarks/book.py [--profile class] [--chapters start swinir]

Works on a copy in a temporary folder; npm's packages are taken from build/, so that no download is timed.
"""

import argparse
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path

from paperlens.site.build import build
from paperlens.site.chapters.source import read_all
from paperlens.site.pages.vendor import vendor
from paperlens.site.places import Places
from paperlens.site.run import cache

ROOT = Path(__file__).parent.parent


def copy(places: Places, names: list[str] | None) -> None:
    """The sources, and what npm brought."""
    shutil.copytree(ROOT / "book", places.book, ignore=shutil.ignore_patterns("_build", "node_modules"))
    shutil.copy(ROOT / "constraints.txt", places.root)
    for chapter in read_all(Places(ROOT), names):
        shutil.copytree(chapter.path.parent, places.chapters / chapter.name)
    vendor(Places(ROOT))
    for folder in ("npm", "vendor"):
        shutil.copytree(ROOT / "build" / folder, places.root / "build" / folder, symlinks=True)


def edit(path: Path, anchor: str, addition: str) -> None:
    text = path.read_text(encoding="utf-8")
    if anchor not in text:
        raise SystemExit(f"{path.name} holds no {anchor!r} to edit")
    path.write_text(text.replace(anchor, anchor + addition, 1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="class")
    parser.add_argument("--chapters", nargs="*", default=None, help="all where none is named")
    options = parser.parse_args()
    rows: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder))
        os.environ["PAPERLENS_ROOT"] = folder
        copy(places, options.chapters)

        def timed(what: str) -> None:
            started = time.monotonic()
            build(places, options.profile)
            rows.append((what, time.monotonic() - started))

        timed("cold: every chapter executed, every page written")
        timed("warm: nothing changed")
        first = read_all(places)[0]
        edit(first.path, f"# {first.title}", "\n\nOne more sentence.")
        timed(f"one sentence added to {first.name}")
        code = next(
            line for cell in first.code for line in cell.splitlines() if line.startswith(("import ", "from "))
        )
        edit(first.path, f"\n{code}", "  # edited")
        timed(f"one line of code edited in {first.name}")
        executed = {c.name: cache.load(c, places, options.profile) for c in read_all(places)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(
        f"\nProfile `{options.profile}`, {cores} cores, {platform.system()}, Python {platform.python_version()}.\n"
    )
    print("| build | seconds |\n|---|---:|")
    print("\n".join(f"| {what} | {seconds:.1f} |" for what, seconds in rows))
    print("\n| chapter | seconds to execute |\n|---|---:|")
    print("\n".join(f"| {name} | {run.seconds:.1f} |" for name, run in executed.items() if run))


if __name__ == "__main__":
    main()
