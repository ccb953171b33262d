"""Where submissions come from: a folder of students, nbgrader's exchange, a Canvas or a Moodle download, a zip of any.

All of it is hostile: nothing is unpacked to a path that a file names, no link is followed, and no more is read than
is allowed. One student per top folder, never merged; whoever occurs is listed, also without a notebook.
"""

import os
import re
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from paperlens.classroom.intake.notebook import MAX_BYTES
from paperlens.classroom.intake.people import shown, student_id
from paperlens.errors import UserError

SKIPPED = (".", "__MACOSX", "__pycache__")
CANVAS = re.compile(
    r"(?P<student>.+?)_(?P<late>late_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<name>[^/]+\.\w+)", re.IGNORECASE
)
MOODLE = re.compile(
    r"(?P<student>.+)_(?P<user>\d+)_assignsubmission_(file|onlinetext)_?(?P<name>.*)", re.IGNORECASE
)
FOLDERS = frozenset({"work", "notebooks", "notebook", "src", "code", "submission", "homework", "hw", "files"})
MAX_FILES = 50_000
NOTHING = "no notebook was handed in"
EPOCH = datetime.fromtimestamp(0, UTC)
CANVAS_TIME, MOODLE_TIME, EXCHANGE_TIME, FILE_TIME = "canvas", "moodle", "exchange", "file"


@dataclass(frozen=True, slots=True)
class Handed:
    """One notebook that somebody handed in; `problem` says why it cannot be read."""

    name: str  # the student's, as it was found
    label: str  # where it was found, for the list
    time: datetime
    read: Callable[[], bytes]
    problem: str = ""
    platform_id: str = ""  # the learning platform's number of the student
    time_from: str = FILE_TIME  # who says when it was handed in; a file's own time is a guess
    said_late: bool = False  # the platform calls it late

    @property
    def student(self) -> str:
        """The id under which the student is known in the course."""
        return student_id(self.name)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder that was found."""

    parts: tuple[str, ...]
    label: str
    time: datetime = EPOCH
    read: Callable[[], bytes] = bytes
    folder: bool = False
    problem: str = ""


@dataclass(slots=True)
class Found:
    """All that lies at a place, and what belongs to nobody."""

    handed: list[Handed] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is collected: an assignment of a course, whose other assignments and students are known."""

    assignment: str
    notebook: str
    course_id: str
    others: Collection[str] = ()
    students: Collection[str] = ()


def handed_in(place: Path, wanted: Wanted) -> Found:
    """Everything found at `place`, whatever it is."""
    if place.is_file():
        if not zipfile.is_zipfile(place):
            raise UserError(
                f"{place} is neither a folder nor a zip file; expected STUDENT/NAME.ipynb, or a platform's zip"
            )
        found = sorted_out(list(from_zip(place)), wanted)
    elif not place.is_dir():
        raise UserError(f"there is no folder or zip file {place}; expected STUDENT/NAME.ipynb in it")
    elif (inbound := exchange_inbound(place, wanted.course_id)) is not None:
        found = Found(list(from_exchange(inbound, wanted.assignment)))
    else:
        found = sorted_out(list(from_folder(place)), wanted)
    if not found.handed:
        raise UserError(
            f"{place} holds no submissions; expected STUDENT/{wanted.notebook}.ipynb, an nbgrader exchange, "
            "or a platform's zip"
        )
    return Found(told_apart(found.handed), found.strays)


# -- What lies there -----------------------------------------------------------------------------------------------


def from_folder(root: Path) -> Iterator[Entry]:
    """Every file and folder below `root`; links are named and not followed."""
    count = 0
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(SKIPPED))
        for name in [*folders, *sorted(files)]:
            path = Path(place) / name
            if name.startswith(SKIPPED):
                continue
            count += 1
            if count > MAX_FILES:
                raise UserError(f"{root} holds more than {MAX_FILES} files; collect a part of it")
            yield from_path(path, path.relative_to(root).parts)


def from_path(path: Path, parts: tuple[str, ...]) -> Entry:
    """One file or folder; links, pipes and devices are refused without opening them."""
    about = path.lstat()
    when = datetime.fromtimestamp(about.st_mtime, UTC)
    label = shown(str(path))
    if stat.S_ISDIR(about.st_mode):
        return Entry(parts, label, when, folder=True)
    problem = ""
    if stat.S_ISLNK(about.st_mode):
        problem = "what was handed in is a link, which is not followed"
    elif not stat.S_ISREG(about.st_mode):
        problem = "what was handed in is not a file"
    elif about.st_size > MAX_BYTES:
        problem = too_large(about.st_size)
    return Entry(parts, label, when, path.read_bytes, problem=problem)


def from_zip(path: Path) -> Iterator[Entry]:
    """Every file and folder of a zip."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise UserError(f"{path} holds {len(entries)} files; at most {MAX_FILES} are read")
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        inner = PurePosixPath(name)
        parts = tuple(part for part in inner.parts if part != "/")
        if not parts or any(part.startswith(SKIPPED) and part != ".." for part in parts):
            continue
        label, time = shown(f"{path.name}:{name[:120]}"), zip_time(entry)
        problem = ""
        if inner.is_absolute() or ".." in inner.parts or ":" in parts[0]:
            problem = "the file's name leads out of the zip"
            parts = tuple(part for part in parts if part != "..")[-2:]
        elif stat.S_ISLNK(entry.external_attr >> 16):
            problem = "what was handed in is a link, which is not followed"
        elif entry.file_size > MAX_BYTES:
            problem = too_large(entry.file_size)
        yield Entry(parts, label, time, zip_reader(path, entry), folder=entry.is_dir(), problem=problem)


def zip_reader(path: Path, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    """Reads one entry, and no more than is allowed, whatever its header says."""

    def read() -> bytes:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            return file.read(MAX_BYTES + 1)

    return read


def zip_time(entry: zipfile.ZipInfo) -> datetime:
    """The entry's time; zips know no zone."""
    try:
        return datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return EPOCH


# -- Whose it is -----------------------------------------------------------------------------------------------------


def sorted_out(entries: list[Entry], wanted: Wanted) -> Found:
    """Each file to its student; a student without a notebook is there all the same."""
    depth = student_depth(entries, wanted.students)
    found = Found()
    without: dict[str, Handed] = {}
    for entry in entries:
        owner = whose(entry, depth, wanted)
        if owner is None:
            if not entry.folder and len(entry.parts) <= depth + 1:
                found.strays.append(entry.label)
            continue
        if not entry.folder and is_answer(entry.parts[-1]):
            found.handed.append(replace(owner, read=entry.read, problem=entry.problem))
        elif entry.problem and len(entry.parts) <= depth + 1:  # a link in place of a student's folder
            found.handed.append(replace(owner, problem=entry.problem))
        else:
            without.setdefault(owner.name, replace(owner, time=EPOCH, problem=NOTHING))
    there = {one.name for one in found.handed}
    found.handed += [one for name, one in without.items() if name not in there]
    return found


def whose(entry: Entry, depth: int, wanted: Wanted) -> Handed | None:
    """The student whom a file or folder belongs to; None for nobody's, and for another assignment's."""
    parts = entry.parts

    def owner(name: str, **more: object) -> Handed:
        return replace(Handed(name, entry.label, entry.time, bytes), **more)  # type: ignore[arg-type]

    for part in parts:
        if moodle := MOODLE.fullmatch(part):
            return owner(moodle["student"], platform_id=moodle["user"], time_from=MOODLE_TIME)
    if len(parts) <= depth + 1 and not entry.folder and (canvas := CANVAS.fullmatch(parts[-1])):
        late = canvas["late"] is not None
        said = {"platform_id": canvas["user"], "time_from": CANVAS_TIME, "said_late": late}
        return owner(canvas["student"], **said)
    if "submitted" in parts[:2]:
        rest = parts[parts.index("submitted") + 1 :]
        if not rest or (len(rest) > 1 and rest[1] != wanted.assignment):
            return owner(rest[0], problem=NOTHING, time=EPOCH) if rest and entry.folder else None
        return owner(rest[0])
    if len(parts) <= depth:
        return None
    if len(parts) > depth + 2 and parts[depth + 1] in wanted.others:
        return None
    if len(parts) == depth + 1 and not entry.folder and not entry.problem:
        name = PurePosixPath(parts[-1]).stem
        return owner(name) if is_answer(parts[-1]) else None
    return owner(parts[depth])


def student_depth(entries: list[Entry], students: Collection[str]) -> int:
    """0 where the top folders are students, 1 where one folder wraps them all."""
    tops = {entry.parts[0] for entry in entries}
    if len(tops) != 1:
        return 0
    (top,) = tops
    known = {student.casefold() for student in students}
    if student_id(top).casefold() in known or top == "submitted":
        return 0
    inside = [entry for entry in entries if len(entry.parts) > 1]
    below = {entry.parts[1] for entry in inside if entry.folder or len(entry.parts) > 2}
    loose = {entry.parts[1] for entry in inside if not entry.folder and len(entry.parts) == 2}
    if any(CANVAS.fullmatch(name) or MOODLE.fullmatch(name) for name in below | loose):
        return 1
    stems = {student_id(PurePosixPath(name).stem).casefold() for name in loose if is_answer(name)}
    if (below and {student_id(name).casefold() for name in below} & known) or stems & known:
        return 1
    people = below - FOLDERS
    return 1 if len(people) > 1 and not any(is_answer(name) for name in loose) else 0


def told_apart(found: list[Handed]) -> list[Handed]:
    """Namesakes on a platform get their number behind their name."""
    numbers: dict[str, set[str]] = {}
    for one in found:
        numbers.setdefault(one.student.casefold(), set()).add(one.platform_id)
    namesakes = {student for student, several in numbers.items() if len(several) > 1}
    return [
        replace(one, name=f"{one.name}_{one.platform_id}")
        if one.student.casefold() in namesakes and one.platform_id
        else one
        for one in found
    ]


# -- nbgrader's exchange -----------------------------------------------------------------------------------------------


def exchange_inbound(place: Path, course_id: str) -> Path | None:
    """The folder of arrivals of an nbgrader exchange: given itself, or the course, or the exchange."""
    for folder in (place, place / "inbound", place / course_id / "inbound"):
        if folder.name == "inbound" and folder.is_dir():
            return folder
    return None


def from_exchange(inbound: Path, assignment: str) -> Iterator[Handed]:
    """`STUDENT+ASSIGNMENT+TIME+RANDOM/NAME.ipynb`, as nbgrader's submit writes it."""
    try:
        folders = sorted(inbound.iterdir())
    except PermissionError:
        raise UserError(
            f"{inbound} cannot be read; collect as the user who owns the course in the exchange"
        ) from None
    for folder in folders:
        parts = folder.name.split("+")
        at = next((i for i in range(len(parts) - 2, 0, -1) if parts[i] == assignment), None)
        if at is None:
            continue
        student, time = "+".join(parts[:at]), exchange_time(parts[at + 1])
        files = [] if folder.is_symlink() else sorted(folder.glob("*.ipynb"))
        entries = [from_path(path, (student, path.name)) for path in files]
        one = Handed(student, shown(str(folder)), time, bytes, NOTHING, time_from=EXCHANGE_TIME)
        yield from (replace(one, label=e.label, read=e.read, problem=e.problem) for e in entries)
        if not entries:
            yield one


def exchange_time(text: str) -> datetime:
    """nbgrader writes `2026-11-21 09:30:00.000000 UTC`."""
    try:
        return datetime.fromisoformat(text.rsplit(" ", 1)[0] if text.count(" ") > 1 else text).replace(
            tzinfo=UTC
        )
    except ValueError:
        return EPOCH


def is_answer(name: str) -> bool:
    """A notebook, or a Python file with the functions."""
    return name.lower().endswith((".ipynb", ".py"))


def too_large(size: int) -> str:
    """The sentence for a giant."""
    return f"the notebook has {size >> 20} MB, {MAX_BYTES >> 20} are allowed; clear its outputs and hand it in again"
