"""What the tests of one chapter rest on: the state of its run, its source, what derives and executes it."""

import json
from pathlib import Path

from verified import Check

from paperlens.site.chapters.notebooks import load
from paperlens.site.chapters.source import Chapter
from paperlens.site.pages.assemble import beside
from paperlens.site.places import Places
from paperlens.site.run import cache

MACHINERY = ("paperlens.site.chapters.forms", "paperlens.site.run.execute")


def check(kind: str, chapter: Chapter, places: Places, *files: Path) -> Check:
    """The committed notebook says which modules and shipped files its last run was seen to use."""
    seen = load(beside(chapter, places)).metadata.get("paperlens", {"modules": [], "data": []})
    state = cache.rests_on(chapter, seen["modules"], seen["data"])
    own = places.chapters / chapter.name
    return Check(
        f"{kind} {chapter.name}", MACHINERY, [own, Path(__file__), *files], json.dumps(state, sort_keys=True)
    )
