"""`paperlens book build`: execute what changed, assemble, let Sphinx write the site."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.chapters.source import read_all
from paperlens.site.pages import assemble
from paperlens.site.pages.bundle import bundle
from paperlens.site.pages.formulas import set_formulas
from paperlens.site.pages.lighten import lighten
from paperlens.site.pages.search import index
from paperlens.site.pages.terms import explain
from paperlens.site.pages.vendor import vendor
from paperlens.site.places import PACKAGE, Places, write
from paperlens.site.run.execute import JOBS, budget, execute
from paperlens.site.run.keys import digest

OWN = ("conf.py", "static", "templates", "formulas.cjs", "styles.cjs")  # of book/, what is not a page
MINUTES = 10  # Sphinx alone; the full course is read in one or two


def build(places: Places, profile: str = "class", *, jobs: int = JOBS, builder: str = "html") -> Path:
    """Build the site, return its folder; UserError where a chapter, npm or Sphinx stops."""
    vendor(places)
    chapters = read_all(places)
    executed = execute(chapters, places, profile, jobs=jobs)
    assemble.students(chapters, places)
    if profile == "class":
        for chapter in chapters:
            if assemble.commit_form(chapter, executed[chapter.name], places):
                print(f"wrote {assemble.beside(chapter, places).relative_to(places.root)}", flush=True)
        print(budget(executed), flush=True)
    hide = os.environ.get("PAPERLENS_SOLUTIONS", "show") == "hide"
    assemble.pages(chapters, executed, places, hide_solutions=hide)
    target = places.html if builder == "html" else places.build / builder
    stamp = places.build / f"{builder}.key"
    own = [places.book / name for name in OWN]
    key = digest([places.pages, *own, places.vendor, PACKAGE])
    if (target / "index.html").is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return target
    stamp.unlink(missing_ok=True)
    written = places.build / f"written-{builder}"  # kept as Sphinx wrote it, so that it can tell what is old
    sphinx(places, builder, written)
    renew(written, target)
    set_formulas(target, places)
    if builder == "html":
        finish(target, places)
    write(stamp, key)
    return target


def renew(written: Path, target: Path) -> None:
    """Lay what Sphinx wrote over the site of an earlier build; a page that it wrote no more goes."""
    for page in target.rglob("*.html"):
        if not (written / page.relative_to(target)).is_file():
            page.unlink()
    shutil.copytree(written, target, dirs_exist_ok=True)


def finish(site: Path, places: Places) -> None:
    """What Sphinx wrote, made light: small pictures, one stylesheet, one script, an index for the search."""
    not_found(site / "404.html")
    explain(site)
    lighten(site)
    bundle(site, places)
    index(site, places)


def sphinx(places: Places, builder: str, target: Path) -> None:
    """Run Sphinx over the assembled pages in its own process, so that a hang ends at the limit."""
    started = time.monotonic()
    command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, "-c", str(places.book)]
    command += ["-d", str(places.build / f"doctrees-{builder}"), str(places.pages), str(target)]
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"PAPERLENS_ROOT": str(places.root), "PAPERLENS_BUILD": str(places.build)},
            stderr=subprocess.PIPE,
            text=True,
            timeout=60 * MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"Sphinx did not finish in {MINUTES} minutes and was stopped.") from None
    complaints = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    print("\n".join(complaints), end="\n" * bool(complaints), file=sys.stderr)
    if done.returncode:
        last = next(
            (line for line in reversed(done.stderr.splitlines()) if line.strip()), "it gave no reason"
        )
        if "No space left" in done.stderr:
            last = "the disk is full; free some space and run the same command again"
        raise UserError(f"Sphinx stopped after {time.monotonic() - started:.0f} s: {last.strip()}")


def not_found(page: Path) -> None:
    """The 404 page is served for addresses of any depth, so that its links must start at the site's root."""
    base = os.environ.get("PAPERLENS_BASE", "/")
    text = page.read_text(encoding="utf-8")
    if "<base " not in text:
        page.write_text(text.replace("<head>", f'<head>\n    <base href="{base}">', 1), encoding="utf-8")
