"""`paperlens class`: new, release, collect, grade, feedback, export, similar, serve."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paperlens.classroom import course as courses
from paperlens.classroom import terms
from paperlens.errors import UserError

FORMATS = ("csv", "canvas", "moodle", "moodle-worksheet")

HELP = {
    "new": "make a course: an nbgrader folder with its gradebook",
    "release": "write the student form of a chapter to DIR/release/",
    "collect": "take in submissions: a folder, an nbgrader exchange, a Canvas or Moodle zip",
    "grade": "grade what was collected, each answer in a sandbox of its own",
    "feedback": "write a page for each student to DIR/feedback/",
    "export": "scores as csv, or for Canvas or Moodle",
    "similar": "pairs of answers that agree more than the exercise explains",
    "serve": "open formgrader in the browser, for marking by hand",
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="paperlens class", description="Run graded exercises in a class.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    part = {name: commands.add_parser(name, help=line, description=line) for name, line in HELP.items()}
    for name, one in part.items():
        one.add_argument("dir", metavar="DIR", type=Path, help="the course's folder")
        if name in ("release", "collect", "grade", "feedback", "similar"):
            one.add_argument("chapter", metavar="CHAPTER", help="such as 00_start, or start")
    part["new"].add_argument(
        "--db",
        default="",
        metavar="URL",
        help="another database, such as postgresql://user:password@host/name",
    )
    part["new"].add_argument("--students", type=Path, metavar="CSV", help="a roster with a column id")
    part["new"].add_argument(
        "--course",
        default="",
        metavar="ID",
        help="the course's id in the exchange (default: the folder's name)",
    )
    part["new"].add_argument("--exchange", default="", metavar="FOLDER", help="the exchange of a hub")
    part["release"].add_argument(
        "--variant", action="store_true", help="the sibling of each exercise, for a class"
    )
    release = part["release"]
    release.add_argument("--exercises", default="", metavar="A,B", help="these alone (default: all)")
    release.add_argument(
        "--points", default="", metavar="A=3,B=5", help="other points than the exercises' own"
    )
    release.add_argument(
        "--partial",
        action="store_true",
        help="the share of properties that hold counts (default: all or nothing)",
    )
    release.add_argument(
        "--tell",
        choices=terms.TELL,
        default="all",
        help="what feedback says: the full message, the broken property alone, or points only",
    )
    release.add_argument(
        "--due", default="", metavar="DATE", help="2026-12-01 23:59, UTC unless it says a zone"
    )
    release.add_argument(
        "--penalty", type=float, default=0.0, metavar="PERCENT", help="of the points, for every day begun"
    )
    release.add_argument("--cut-off", type=float, metavar="DAYS", help="later than that nothing counts")
    part["collect"].add_argument(
        "--file-times", action="store_true", help="a file's own date says when it was handed in"
    )
    part["similar"].add_argument(
        "--above",
        type=float,
        default=0.8,
        metavar="SHARE",
        help="list pairs from this agreement on (default 0.8)",
    )
    part["collect"].add_argument(
        "submissions", metavar="SUBMISSIONS", type=Path, help="a folder with STUDENT/NAME.ipynb, or a zip"
    )
    grade = part["grade"]
    grade.add_argument("--workers", type=int, default=1, metavar="N", help="how many cores (default 1)")
    grade.add_argument("--scheduler", default="", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786")
    grade.add_argument("--student", default="", metavar="S", help="this student alone")
    grade.add_argument("--regrade", action="store_true", help="also what was graded already, on fresh inputs")
    grade.add_argument(
        "--unsafe", action="store_true", help="without a sandbox: for your own trusted files only"
    )
    part["export"].add_argument("--format", choices=FORMATS, default="csv")
    part["export"].add_argument("--chapter", default="", metavar="CHAPTER", help="this one alone")
    part["export"].add_argument(
        "--column",
        default="",
        metavar="TITLE",
        help="the platform's title, for Canvas such as 'Homework 1 (1234)'",
    )
    part["export"].add_argument(
        "--worksheet", type=Path, metavar="FILE", help="Moodle's own grading worksheet, to be filled in"
    )
    part["export"].add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write there instead of printing"
    )
    part["serve"].add_argument("--port", type=int, default=8899)
    part["serve"].add_argument("--no-browser", action="store_true")
    return top


def main(argv: Sequence[str]) -> int:
    """Run one command; a user's mistake is a `UserError`."""
    # jsonschema would compile a grammar of web addresses for four seconds, which no notebook needs; it goes without.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    told = parser().parse_args(argv)
    return {
        "new": new,
        "release": release,
        "collect": collect,
        "grade": grade,
        "feedback": feedback,
        "export": export,
        "similar": similar,
        "serve": serve,
    }[told.command](told)


def new(told: argparse.Namespace) -> int:
    """Make a course."""
    made = courses.new(told.dir, told.db, told.students, told.course, told.exchange)
    print(f"made the course {made.course_id} in {told.dir}; next: paperlens class release {told.dir} CHAPTER")
    return 0


def release(told: argparse.Namespace) -> int:
    """Hand out a chapter."""
    from paperlens.classroom.release import Wishes
    from paperlens.classroom.release import release as do

    names = ("variant", "exercises", "points", "partial", "tell", "due", "penalty", "cut_off")
    path, said = do(
        courses.open_course(told.dir), told.chapter, Wishes(**{name: getattr(told, name) for name in names})
    )
    for line in said:
        print(line)
    print(f"released {path}")
    return 0


def collect(told: argparse.Namespace) -> int:
    """Take in submissions."""
    from paperlens.classroom.intake.collect import collect as do

    course = courses.open_course(told.dir)
    done = do(course, course.assignment(told.chapter), told.submissions, trust_file_times=told.file_times)
    for line in done.lines:
        print(line)
    print(f"collected {done.taken} submissions, {done.unchanged} were there already")
    return 0


def grade(told: argparse.Namespace) -> int:
    """Grade, and tell how it went."""
    course = courses.open_course(told.dir)
    assignment = course.assignment(told.chapter)
    if told.workers < 1:
        raise UserError(f"--workers {told.workers} grades nothing; give at least 1")
    from paperlens.classroom.marking.batch import grade as do
    from paperlens.classroom.marking.options import Options

    if told.unsafe:
        from paperlens.classroom.marking.unsafe import WARNING

        print(f"paperlens: {WARNING}", file=sys.stderr)
    names = ("workers", "scheduler", "student", "regrade", "unsafe")
    for line in do(course, assignment, Options(**{name: getattr(told, name) for name in names})):
        print(line)
    return 0


def feedback(told: argparse.Namespace) -> int:
    """Write the students' pages."""
    from paperlens.classroom.marking.journal import latest
    from paperlens.classroom.output import class_report
    from paperlens.classroom.output.feedback import feedback as do

    course = courses.open_course(told.dir)
    assignment = course.assignment(told.chapter)
    count = do(course, assignment)
    page = class_report.write(course, assignment, latest(course, assignment))
    print(f"wrote feedback for {count} students to {told.dir}/feedback, and how the class did to {page}")
    return 0


def export(told: argparse.Namespace) -> int:
    """Print or write scores."""
    from paperlens.classroom import durable
    from paperlens.classroom.output.export import BOM, Wishes
    from paperlens.classroom.output.export import export as do

    wishes = Wishes(form=told.format, chapter=told.chapter, column=told.column, worksheet=told.worksheet)
    text = do(courses.open_course(told.dir), wishes)
    if told.output:
        durable.write(told.output, BOM + text)
        print(f"wrote {told.output}", file=sys.stderr)
    else:
        sys.stdout.write(text)
    return 0


def similar(told: argparse.Namespace) -> int:
    """List pairs of answers that agree."""
    from paperlens.classroom.output.similar import similar as do

    course = courses.open_course(told.dir)
    for line in do(course, course.assignment(told.chapter), told.above):
        print(line)
    return 0


def serve(told: argparse.Namespace) -> int:
    """Run formgrader until it is interrupted."""
    from paperlens.classroom.output.formgrader import serve as do

    return do(courses.open_course(told.dir), told.port, not told.no_browser)
