"""The index of the finished pages, by Pagefind: it is loaded where someone searches, and chapters come first."""

import re
import shutil
import subprocess
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.pages.node import environment
from paperlens.site.places import Places, write

ARTICLE = '<article class="bd-article">'
SECONDS = 120
# Folder of a page -> its kind; the search shows chapters, then the book, then the API.
KINDS = {"chapters": "chapter", "api": "code"}
UNUSED = ("pagefind-ui.*", "pagefind-modular-ui.*", "pagefind-component-ui.*", "pagefind-highlight.js")
LEFT_OUT = {"404.html", "genindex.html", "py-modindex.html", "search.html"}


def index(site: Path, places: Places) -> None:
    """Mark the article of every page and write `pagefind/`; UserError with Pagefind's own last line."""
    for page in sorted(site.rglob("*.html")):
        inside = page.relative_to(site)
        if "_static" in inside.parts or inside.as_posix() in LEFT_OUT:
            continue
        kind = KINDS.get(inside.parts[0], "book")
        marked = f'<article class="bd-article" data-pagefind-body data-pagefind-filter="kind:{kind}">'
        text = page.read_text(encoding="utf-8").replace(ARTICLE, marked, 1)
        write(
            page,
            re.sub(r'<a class="headerlink"(?! data)', '<a class="headerlink" data-pagefind-ignore', text),
        )
    node = shutil.which("node", path=environment()["PATH"])
    runner = places.npm / "node_modules" / "pagefind" / "lib" / "runner" / "bin.cjs"
    shutil.rmtree(site / "pagefind", ignore_errors=True)
    done = subprocess.run(
        [str(node), str(runner), "--site", str(site), "--quiet"],
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
        env=environment(),
    )
    if done.returncode:
        raise UserError(
            f"Pagefind stopped: {((done.stderr or done.stdout).strip().splitlines() or ['?'])[-1]}"
        )
    for pattern in UNUSED:
        for file in (site / "pagefind").glob(pattern):
            file.unlink()
