"""A course's folder: an nbgrader course, and beside it what nbgrader has no place for.

course.json         our settings, read by nbgrader_config.py too
source/ release/ submitted/ autograded/ feedback/      nbgrader's folders
gradebook.db        nbgrader's gradebook, unless another database was named
assignments/NAME.json   what was released under NAME: chapter, notebook, exercises
journal/NAME.jsonl      every outcome, one line each; reports/ what the teacher reads
"""

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from paperlens.classroom import durable
from paperlens.classroom.intake.people import student_id
from paperlens.classroom.terms import Terms, version
from paperlens.errors import UserError
from paperlens.exercises.catalogue import find

FORMAT = 1
FOLDERS = ("source", "release", "submitted", "autograded", "feedback", "assignments", "journal", "reports")
CONFIG = '''"""nbgrader's settings for this course; what is particular to it stands in course.json."""

import json
from pathlib import Path

root = Path(__file__).resolve().parent
told = json.loads((root / "course.json").read_text(encoding="utf-8"))

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = told["course_id"]
c.CourseDirectory.db_url = told["db_url"] or f"sqlite:///{root}/gradebook.db"
if told["exchange"]:
    c.Exchange.root = told["exchange"]
'''
WALL = """
# nbgrader must not run what students wrote: its buttons and commands lead to `paperlens class`.
from paperlens.classroom.output import nbgrader_wall  # noqa: E402

nbgrader_wall.stand(str(root))
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What was released under a name."""

    name: str  # the folder's name, as it was given
    chapter: str  # 08_swin
    notebook: str  # the file's name without .ipynb
    variant: bool
    exercises: tuple[str, ...]
    points: tuple[float, ...] = ()  # of each exercise; its own where nothing was said
    share: bool = False  # partial credit: the share of the properties that hold
    tell: str = "all"  # how much the feedback says: all, property, points
    due: str = ""
    penalty: float = 0.0  # percent of the points for every day begun
    cut_off: float | None = None  # days after which nothing counts

    def terms(self, exercise: str) -> Terms:
        """How an exercise counts."""
        asked = find(exercise)
        points = self.points[self.exercises.index(exercise)] if self.points else float(asked.points)
        return Terms(points=points, share=self.share, version=version(asked, points, share=self.share))

    def rules(self) -> str:
        """What students read beforehand."""
        share = (
            "counts by the share of its properties that hold"
            if self.share
            else "counts in full or not at all"
        )
        late = [f"each day begun costs {self.penalty:g} %"] if self.penalty else []
        late += [f"after {self.cut_off:g} days nothing counts"] if self.cut_off is not None else []
        due = f" Due {self.due}" + (f"; {', '.join(late)}" if late else "") + "." if self.due else ""
        return f"An exercise {share}.{due}"


@dataclass(frozen=True, slots=True)
class Course:
    """An opened course folder."""

    root: Path
    course_id: str
    db_url: str
    exchange: str

    def assignment(self, name: str) -> Assignment:
        """The released assignment of this name, also when only its chapter is called so."""
        known = self.assignments()
        wanted = [one for one in known if one.name == name]
        wanted = wanted or [one for one in known if name in (one.chapter, short(one.chapter))]
        if not wanted:
            released = ", ".join(one.name for one in known) or "nothing yet"
            raise UserError(
                f"{name!r} was not released in this course (released: {released}); run `paperlens class release` first"
            )
        if len(wanted) > 1:
            names = " and ".join(one.name for one in wanted)
            raise UserError(f"{name!r} was released as {names}; say which of them")
        return wanted[0]

    def assignments(self) -> list[Assignment]:
        """Everything released so far."""
        found = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((self.root / "assignments").glob("*.json"))
        ]
        lists = ("exercises", "points")
        return [Assignment(**{**one, **{name: tuple(one.get(name, ())) for name in lists}}) for one in found]

    def remember(self, assignment: Assignment) -> None:
        """Note what was released."""
        durable.write_json(self.root / "assignments" / f"{assignment.name}.json", asdict(assignment))

    def submitted(self, student: str, assignment: Assignment) -> Path:
        """The folder of one student's submission."""
        return self.root / "submitted" / student / assignment.name

    def students_of(self, assignment: Assignment) -> list[str]:
        """Who handed in something, in order."""
        return sorted(
            path.parent.name
            for path in (self.root / "submitted").glob(f"*/{assignment.name}")
            if path.is_dir()
        )


def short(chapter: str) -> str:
    """`swin` for `08_swin`."""
    return chapter.partition("_")[2] or chapter


def new(root: Path, db_url: str, students: Path | None, course_id: str, exchange: str) -> Course:
    """Make the folder, the settings and the gradebook."""
    from paperlens.classroom.output import gradebook

    if (root / "course.json").exists():
        raise UserError(f"{root} holds a course already; use it, or name another folder")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UserError(f"{root} exists and is not empty; name a folder that does not exist yet")
    people = roster(students) if students else []
    course = Course(
        root.resolve(),
        course_id or root.resolve().name,
        db_url or f"sqlite:///{root.resolve()}/gradebook.db",
        exchange,
    )
    root.mkdir(parents=True, mode=0o750, exist_ok=True)
    for name in FOLDERS:
        (root / name).mkdir(mode=0o750, exist_ok=True)
    gradebook.create(course, people)
    durable.write(root / "nbgrader_config.py", CONFIG + WALL)
    told = {"format": FORMAT, "course_id": course.course_id, "db_url": db_url, "exchange": exchange}
    durable.write_json(root / "course.json", told)  # last: a folder without it is no course
    return course


def open_course(root: Path) -> Course:
    """Read a course's settings; a sentence where there is none."""
    if not root.is_dir():
        raise UserError(f"there is no folder {root}; `paperlens class new {root}` makes a course")
    try:
        told: Any = json.loads((root / "course.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{root} is not a course: it has no course.json; `paperlens class new DIR` makes one"
        ) from None
    except ValueError:
        raise UserError(
            f"{root}/course.json is not readable as JSON; restore it, or make a new course"
        ) from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise UserError(f"{root}/course.json is of another version of paperlens; expected format {FORMAT}")
    place = root.resolve()
    return Course(
        place, told["course_id"], told["db_url"] or f"sqlite:///{place}/gradebook.db", told["exchange"]
    )


def put_up_wall(course: Course) -> None:
    """A course of an earlier version gets the lines that keep nbgrader from running what students wrote."""
    path = course.root / "nbgrader_config.py"
    text = path.read_text(encoding="utf-8") if path.exists() else CONFIG
    if "nbgrader_wall.stand(" not in text:
        durable.write(path, text + WALL)


def roster(path: Path) -> list[dict[str, str]]:
    """The students of a CSV file with a column `id` (and perhaps first_name, last_name, email)."""
    if not path.is_file():
        raise UserError(f"there is no file {path}; it should be a CSV file with a column id")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or "id" not in rows[0]:
        raise UserError(f"{path} has no column id; expected a header such as id,first_name,last_name,email")
    people: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 2):
        written = (row["id"] or "").strip()
        if not written:
            raise UserError(f"{path}, line {number}: there is no student id; fill it in, or remove the line")
        student = student_id(written)
        if student in people:
            raise UserError(
                f"{path}, line {number}: the student {student} is there twice; remove one of the lines"
            )
        people[student] = {
            name: (row.get(name) or "").strip() for name in ("first_name", "last_name", "email")
        } | {"id": student}
    return list(people.values())
