"""Where submissions come from: a folder of students, nbgrader's exchange, a Canvas or a Moodle zip.

All of it is hostile: nothing is unpacked to a path that a file names, no link is followed, and no more is read than
is allowed.
"""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from paperlens.classroom.course import STUDENT
from paperlens.classroom.intake.notebook import MAX_BYTES
from paperlens.errors import UserError

SKIPPED = (".", "__MACOSX", "__pycache__")
CANVAS = re.compile(
    r"(?P<student>[^_/]+)_(?:late_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<name>[^/]+\.ipynb)", re.IGNORECASE
)
MOODLE = re.compile(
    r"(?P<student>[^_/]+)_(?P<user>\d+)_assignsubmission_file_?(?:/|_)?(?P<name>[^/]+\.ipynb)", re.IGNORECASE
)
MAX_FILES = 50_000
NOTHING = "no notebook was handed in"


@dataclass(frozen=True, slots=True)
class Handed:
    """One notebook that somebody handed in; `problem` says why it cannot be read."""

    name: str  # the student's, as it was found
    label: str  # where it was found, for the list
    time: datetime
    read: Callable[[], bytes]
    problem: str = ""
    platform_id: str = ""  # the learning platform's number of the student

    @property
    def student(self) -> str:
        """The id under which the student is known in the course."""
        return student_id(self.name)


def handed_in(place: Path, assignment: str, notebook: str, course_id: str) -> list[Handed]:
    """Everything found at `place`, whatever it is."""
    if place.is_file():
        if not zipfile.is_zipfile(place):
            raise UserError(
                f"{place} is neither a folder nor a zip file; expected STUDENT/NAME.ipynb, or a platform's zip"
            )
        found = told_apart(list(from_zip(place)))
    elif not place.is_dir():
        raise UserError(f"there is no folder or zip file {place}; expected STUDENT/NAME.ipynb in it")
    elif (inbound := exchange_inbound(place, course_id)) is not None:
        found = list(from_exchange(inbound, assignment))
    else:
        found = list(from_folder(place))
    if not found:
        raise UserError(
            f"{place} holds no submissions; expected STUDENT/{notebook}.ipynb, an nbgrader exchange, "
            "or a platform's zip"
        )
    return found


def from_folder(root: Path) -> Iterator[Handed]:
    """`STUDENT/NAME.ipynb`; also a student who handed in no notebook, or a link."""
    for folder in sorted(root.iterdir()):
        if folder.name.startswith(SKIPPED):
            continue
        if folder.is_symlink():
            yield refused(folder.name, str(folder), "what was handed in is a link, which is not followed")
        elif folder.is_dir():
            files = [
                path for path in sorted(folder.rglob("*")) if is_notebook(path.relative_to(root).as_posix())
            ]
            files = [
                path
                for path in files
                if not any(parent.is_symlink() for parent in path.parents if parent != root)
            ]
            yield from (from_file(folder.name, path) for path in files[:MAX_FILES])
            if not files:
                yield refused(folder.name, str(folder), NOTHING)
        elif folder.suffix == ".ipynb":
            yield from_file(folder.stem, folder)


def from_file(student: str, path: Path, time: datetime | None = None) -> Handed:
    """One file; links, pipes and devices are refused without opening them."""
    about = path.lstat()
    when = time or datetime.fromtimestamp(about.st_mtime, UTC)
    if stat.S_ISLNK(about.st_mode):
        return refused(student, str(path), "what was handed in is a link, which is not followed", when)
    if not stat.S_ISREG(about.st_mode):
        return refused(student, str(path), "what was handed in is not a file", when)
    if about.st_size > MAX_BYTES:
        return refused(student, str(path), too_large(about.st_size), when)
    return Handed(student, str(path), when, path.read_bytes)


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
        yield from (from_file(student, path, time) for path in files)
        if not files:
            yield refused(student, str(folder), NOTHING, time)


def exchange_time(text: str) -> datetime:
    """nbgrader writes `2026-11-21 09:30:00.000000 UTC`."""
    try:
        return datetime.fromisoformat(text.rsplit(" ", 1)[0] if text.count(" ") > 1 else text).replace(
            tzinfo=UTC
        )
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def from_zip(path: Path) -> Iterator[Handed]:
    """A Canvas or Moodle download, or a zipped folder of students."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise UserError(f"{path} holds {len(entries)} files; at most {MAX_FILES} are read")
    for entry in entries:
        if entry.is_dir() or not is_notebook(entry.filename):
            continue
        name = entry.filename.replace("\\", "/")
        match = CANVAS.fullmatch(name) or MOODLE.fullmatch(name) or MOODLE.search(name)
        inner = PurePosixPath(name)
        student = match["student"] if match else inner.parts[-2] if len(inner.parts) > 1 else inner.stem
        label, number = f"{path.name}:{name[:120]}", match["user"] if match else ""
        time = zip_time(entry)
        if inner.is_absolute() or ".." in inner.parts or (len(inner.parts) and ":" in inner.parts[0]):
            yield refused(student, label, "the file's name leads out of the zip", time)
        elif stat.S_ISLNK(entry.external_attr >> 16):
            yield refused(student, label, "what was handed in is a link, which is not followed", time)
        elif entry.file_size > MAX_BYTES:
            yield refused(student, label, too_large(entry.file_size), time)
        else:
            yield Handed(student, label, time, zip_reader(path, entry), platform_id=number)


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
        return datetime.fromtimestamp(0, UTC)


def refused(student: str, label: str, problem: str, time: datetime | None = None) -> Handed:
    """A submission that is known but cannot be read: it is listed and graded, as malformed."""
    return Handed(student, label, time or datetime.fromtimestamp(0, UTC), bytes, problem)


def is_notebook(name: str) -> bool:
    """A notebook, and not one of the copies that editors and systems leave about."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return name.lower().endswith(".ipynb") and not any(
        part.startswith(SKIPPED) and part != ".." for part in parts
    )


def too_large(size: int) -> str:
    """The sentence for a giant."""
    return f"the notebook has {size >> 20} MB, {MAX_BYTES >> 20} are allowed; clear its outputs and hand it in again"


def student_id(name: str) -> str:
    """A name that is safe as a folder and in the gradebook; what is not allowed becomes an underscore."""
    clean = re.sub(r"[^\w.@+\-]", "_", unicodedata.normalize("NFC", name.strip()))[:100].lstrip(".-+")
    return clean if STUDENT.fullmatch(clean) else f"unnamed_{zlib.crc32(name.encode('utf-8', 'replace')):08x}"
