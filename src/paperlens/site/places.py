"""Where the course's sources lie and where its derived forms go."""

import os
from dataclasses import dataclass
from pathlib import Path

from paperlens.data.files import write as whole
from paperlens.errors import UserError

PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one checkout; everything under `build` and `work` is git-ignored."""

    root: Path
    derived: Path | None = None  # another folder for everything built, so that a trial leaves the site alone

    @property
    def chapters(self) -> Path:
        """`chapters/NN_name/NN_name.md`, the only source of a chapter."""
        return self.root / "chapters"

    @property
    def book(self) -> Path:
        """Hand-written pages, `conf.py`, styles and the npm lock file."""
        return self.root / "book"

    @property
    def build(self) -> Path:
        """Derived notebooks, the execution cache and the assembled pages."""
        return self.derived or self.root / "build"

    @property
    def work(self) -> Path:
        """A student's own copies; nothing here is ever overwritten."""
        return self.root / "work"

    @property
    def pages(self) -> Path:
        """Sphinx's source folder, assembled from `book` and `chapters`."""
        return self.build / "book"

    @property
    def html(self) -> Path:
        """The finished site."""
        return self.derived / "html" if self.derived else self.book / "_build" / "html"

    @property
    def npm(self) -> Path:
        """What npm brought, shared by every build of this checkout."""
        return self.root / "build" / "npm"

    @property
    def vendor(self) -> Path:
        """The part of it that the site needs."""
        return self.root / "build" / "vendor"


def here() -> Places:
    """The checkout of PAPERLENS_ROOT, of an editable install, or around the working folder."""
    named = os.environ.get("PAPERLENS_ROOT")
    if named:
        return Places(Path(named).resolve())
    for folder in (PACKAGE.parent.parent, Path.cwd(), *Path.cwd().parents):
        if (folder / "book" / "conf.py").is_file() and (folder / "chapters").is_dir():
            return Places(folder)
    raise UserError(
        "this command needs a checkout of the course; run it inside one (a folder with book/ and chapters/)."
    )


def write(path: Path, text: str | bytes) -> bool:
    """Write atomically, and only what differs, so that times of change stay true; True where it did."""
    data = text.encode() if isinstance(text, str) else text
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    whole(path, data, sync=False)
    return True
