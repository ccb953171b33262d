"""Reads a chapter's source and says in a sentence what is wrong with it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from paperlens.errors import UserError
from paperlens.site.chapters.fences import Directive, split
from paperlens.site.chapters.markers import BEGIN, END, has_solution, stub
from paperlens.site.chapters.notebooks import node
from paperlens.site.chapters.questions import read_prediction, read_quiz
from paperlens.site.places import Places

KEYS = {"exercise", "varies"}  # what a cell may say under `paperlens`


@dataclass(frozen=True, slots=True)
class Chapter:
    """One source as a notebook without outputs; cell ids come from the text and survive an edit elsewhere."""

    name: str
    path: Path
    notebook: NotebookNode

    @property
    def title(self) -> str:
        """The text of the one h1."""
        for cell in self.notebook.cells:
            for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
                if line.startswith("# "):
                    return str(line[2:].strip())
        raise UserError(f"{self.name} has no title; begin its text with a line '# Title'.")

    @property
    def exercises(self) -> list[str]:
        """The ids of its exercises, in order."""
        return [c.metadata["paperlens"]["exercise"] for c in self.notebook.cells if exercise_of(c)]

    @property
    def code(self) -> list[str]:
        """The sources of its code cells, in order."""
        return [c.source for c in self.notebook.cells if c.cell_type == "code"]


def exercise_of(cell: NotebookNode) -> str | None:
    """The exercise whose answer the cell holds, or None."""
    found = cell.metadata.get("paperlens", {}).get("exercise")
    return str(found) if found else None


def read(path: Path) -> Chapter:
    """Read and check one source; UserError names the chapter, the cell and what was expected."""
    name = path.stem
    try:
        notebook = jupytext.read(path, fmt="md:myst")
    except Exception as error:  # jupytext raises what its parser raises: YAML, tokens, encodings
        raise UserError(f"{name} is not a MyST notebook: {' '.join(str(error).split())}") from error
    seen: dict[str, int] = {}
    for number, cell in enumerate(notebook.cells, 1):
        try:
            for kind, found in _ids(cell):
                if found in seen:
                    raise UserError(
                        f"{kind} {found} stands in cell {seen[found]} already; every id is used once."
                    )
                seen[found] = number
        except UserError as error:
            raise UserError(f"{name}, cell {number}: {error}") from None
        cell.id = hashlib.sha256(f"{cell.cell_type}{cell.source}".encode()).hexdigest()[:8]
    _distinct_ids(notebook)
    notebook.metadata = node(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return Chapter(name, path, notebook)


def read_all(places: Places, names: list[str] | None = None) -> list[Chapter]:
    """All chapters in order, or those named (`00_start` or `start`); UserError for an unknown name."""
    sources = {p.stem: p for p in sorted(places.chapters.glob("*/*.md")) if p.stem == p.parent.name}
    if names:
        short = {stem.partition("_")[2]: stem for stem in sources}
        unknown = [name for name in names if name not in sources and name not in short]
        if unknown:
            raise UserError(f"no chapter is called {unknown[0]!r}; there are {', '.join(sources) or 'none'}.")
        wanted = {short.get(name, name) for name in names}
        return [read(path) for stem, path in sources.items() if stem in wanted]
    chapters = [read(path) for path in sources.values()]
    owner: dict[str, str] = {}
    for chapter in chapters:
        for found in {i for cell in chapter.notebook.cells for kind, i in _ids(cell) if kind != "exercise"}:
            if found in owner:
                raise UserError(
                    f"{chapter.name} and {owner[found]} both hold a question {found}; every id is used once."
                )
            owner[found] = chapter.name
    return chapters


def _ids(cell: NotebookNode) -> list[tuple[str, str]]:
    """What the cell names (quiz, prediction, exercise), each checked for form."""
    said = cell.metadata.get("paperlens", {})
    if not isinstance(said, dict) or set(said) - KEYS:
        raise UserError(f"`paperlens` holds {said!r}; it may hold {' and '.join(sorted(KEYS))} only.")
    if "varies" in said and not (isinstance(said["varies"], str) and said["varies"].strip()):
        raise UserError("`varies` needs its reason, in words.")
    if cell.cell_type == "markdown":
        parts = [part for part in split(cell.source) if isinstance(part, Directive)]
        quizzes = [("quiz", read_quiz(p.argument, p.body).id) for p in parts if p.name == "quiz"]
        return quizzes + [
            ("predict", read_prediction(p.argument, p.body).id) for p in parts if p.name == "predict"
        ]
    exercise = exercise_of(cell)
    if exercise is None:
        if has_solution(cell.source):
            raise UserError(f"{BEGIN} needs cell metadata such as `paperlens: {{exercise: metrics.psnr}}`.")
        return []
    if not (BEGIN in cell.source and END in cell.source):
        raise UserError(f"the answer cell of {exercise} needs {BEGIN} and {END}.")
    stub(cell.source, exercise)
    return [("exercise", exercise)]


def _distinct_ids(notebook: NotebookNode) -> None:
    count: dict[str, int] = {}
    for cell in notebook.cells:
        count[cell.id] = count.get(cell.id, 0) + 1
        if count[cell.id] > 1:
            cell.id = f"{cell.id}-{count[cell.id]}"
