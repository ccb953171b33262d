"""Pairs of answers that agree beyond what the exercise explains. A hint for a teacher, never a verdict.

Answers are compared as tokens: names are numbered in the order in which they come, comments, layout, docstrings and
types are left out. Runs of `RUN` tokens are the fingerprints of an answer; those that more than a share of the class
have as well, be it from the stub or the common solution, say nothing. copydetect, the nearest library, compares whole
files and can be told a boilerplate, but not what a class has in common.
"""

import ast
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations

from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect, notebook
from paperlens.classroom.marking import journal

RUN = 6
FEWEST = 12  # fingerprints of its own that an answer needs to be compared at all
COMMON = 0.25  # of the class: what so many wrote is the common solution
NOTE = "A hint, never a verdict: short answers look alike, and students may work together. Look at both before you ask."


def similar(course: Course, assignment: Assignment, above: float) -> list[str]:
    """A line for each pair whose answers share `above` of their own fingerprints, the most alike first."""
    found: list[tuple[float, str]] = []
    answers = texts(course, assignment)
    for exercise, by_student in answers.items():
        marks = {student: fingerprints(text) for student, text in by_student.items()}
        seen = Counter(mark for several in marks.values() for mark in several)
        most = max(2 if len(marks) < 8 else 3, int(COMMON * len(marks)))
        own = {student: {m for m in several if seen[m] <= most} for student, several in marks.items()}
        for one, other in candidates(own):
            share = len(own[one] & own[other]) / min(len(own[one]), len(own[other]))
            if share >= above:
                found.append(
                    (share, f"{exercise}: {one} and {other} agree in {share:.0%} of what is their own")
                )
    lines = [line for _, line in sorted(found, key=lambda pair: (-pair[0], pair[1]))]
    return [*lines, NOTE] if lines else [f"no two answers agree in {above:.0%} of what is their own"]


def candidates(own: dict[str, set[tuple[str, ...]]]) -> list[tuple[str, str]]:
    """Pairs that share anything, of answers that are long enough."""
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for student, several in own.items():
        if len(several) >= FEWEST:
            for mark in several:
                holders[mark].append(student)
    return sorted({pair for several in holders.values() for pair in combinations(sorted(several), 2)})


def texts(course: Course, assignment: Assignment) -> dict[str, dict[str, str]]:
    """The answers that were marked, by exercise and student."""
    found: dict[str, dict[str, str]] = {exercise: {} for exercise in assignment.exercises}
    cells: dict[str, list[str]] = {}
    for work, outcome in journal.latest(course, assignment).items():
        if outcome.cell < 0:
            continue
        if work.student not in cells:
            try:
                read = notebook.read(collect.submission(course, assignment, work.student).data)
            except notebook.BrokenError:
                read = []
            cells = {work.student: [cell.source for cell in read if cell.code]}  # one student at a time
        if outcome.cell < len(cells[work.student]):
            function = work.exercise.rpartition(".")[2]
            found[work.exercise][work.student] = definition(cells[work.student][outcome.cell], function)
    return found


def definition(text: str, function: str) -> str:
    """The function itself where Python can read the cell, without docstring and types; else the whole cell."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            node.returns = None
            for argument in [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]:
                argument.annotation = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            return ast.unparse(node)
    return text


def fingerprints(text: str) -> set[tuple[str, ...]]:
    """Every run of tokens, names numbered by their order in the run."""
    tokens = list(normalised(text))
    return {run(tokens[at : at + RUN]) for at in range(max(0, len(tokens) - RUN + 1))}


def run(tokens: list[str]) -> tuple[str, ...]:
    """A run in which `a - b` and `x - y` are the same, and `a - a` is not."""
    numbers: dict[str, str] = {}
    return tuple(
        numbers.setdefault(t, f"#{len(numbers)}") if t.isidentifier() and not keyword.iskeyword(t) else t
        for t in tokens
    )


def normalised(text: str) -> Iterator[str]:
    """The tokens without comments and layout; attributes keep their names, for those are the library's."""
    previous = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER):
                yield f".{token.string}" if previous == "." else token.string
                previous = token.string
            elif token.type == tokenize.STRING:
                yield "text"
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return
