"""`paperlens book`: build, execute, student, lab, serve, pdf, clean; the same lines on every system."""

import argparse
import os
import sys
from collections.abc import Sequence

from paperlens.site.places import Places, here

JOBS = min(2, os.cpu_count() or 1)


def main(argv: Sequence[str]) -> int:
    """Run one action; a user's mistake is raised as UserError, which the command line tells in a sentence."""
    parser = argparse.ArgumentParser(prog="paperlens book", description="Build, run and show the chapters.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (function, line) in ACTIONS.items():
        action = actions.add_parser(name, help=line, description=line)
        action.set_defaults(run=function)
        if name in ("build", "execute", "pdf"):
            action.add_argument("--profile", choices=("smoke", "class", "gpu", "paper"), default="class")
            action.add_argument("--jobs", type=int, default=JOBS, help="chapters executed side by side")
        if name in ("execute",):
            action.add_argument("chapters", nargs="*", help="all where none is named")
            action.add_argument("--force", action="store_true", help="also where nothing changed")
        if name in ("lab", "serve"):
            action.add_argument("--port", type=int, default=8888 if name == "lab" else 8000)
        if name == "lab":
            action.add_argument(
                "--author", action="store_true", help="open the sources (chapters/*.md) as notebooks"
            )
            action.add_argument("--no-browser", action="store_true")
    options = parser.parse_args(list(argv))
    return int(options.run(here(), options))


def _build(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.build import build

    target = build(places, options.profile, jobs=options.jobs)
    print(f"the book lies in {target / 'index.html'}")
    return 0


def _execute(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.chapters.source import read_all
    from paperlens.site.pages import assemble
    from paperlens.site.run.execute import execute

    chapters = read_all(places, options.chapters)
    executed = execute(chapters, places, options.profile, jobs=options.jobs, force=options.force)
    for chapter in chapters:
        wrote = options.profile == "class" and assemble.commit_form(chapter, executed[chapter.name], places)
        print(
            f"{chapter.name}: {executed[chapter.name].seconds:.1f} s{', notebook written' if wrote else ''}"
        )
    return 0


def _student(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.chapters.source import read_all
    from paperlens.site.pages import assemble

    assemble.students(read_all(places), places)
    print(f"student notebooks lie in {places.build / 'student'}")
    return 0


def _lab(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.chapters.source import read_all
    from paperlens.site.pages import assemble
    from paperlens.site.serve.lab import lab

    chapters = read_all(places)
    assemble.students(chapters, places)
    assemble.start_here(chapters, places)
    return lab(places, options.port, author=options.author, browser=not options.no_browser)


def _serve(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.serve.server import server

    with server(places.html, options.port) as site:
        print(f"the book is at http://127.0.0.1:{site.server_address[1]}/ until Ctrl+C", flush=True)
        try:
            site.serve_forever()
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


def _pdf(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.pages.pdf import pdf

    print(f"the printed book lies in {pdf(places, options.profile, jobs=options.jobs)}")
    return 0


def _readme(places: Places, options: argparse.Namespace) -> int:
    from paperlens.site.chapters.source import read_all
    from paperlens.site.pages import landing_pictures, readme

    landing_pictures.readme_picture(places.book / "static" / "readme.png")
    changed = readme.write(places.root / "README.md", read_all(places))
    print("README.md: table of systems written" if changed else "README.md: the table is current")
    return 0


ACTIONS = {
    "build": (_build, "execute what changed and write the site"),
    "execute": (_execute, "execute chapters and write the committed notebooks beside their sources"),
    "student": (_student, "write the student notebooks to build/student"),
    "lab": (_lab, "open JupyterLab on work/, with a copy of every student notebook that is missing there"),
    "serve": (_serve, "show the finished site on this machine"),
    "pdf": (_pdf, "print the book with Chromium"),
    "readme": (_readme, "bring README's picture and table of systems up to date"),
}
