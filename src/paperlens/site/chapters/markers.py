"""`### BEGIN SOLUTION` to `### END SOLUTION`: the answer, and the stub that replaces it."""

from paperlens.errors import UserError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def has_solution(source: str) -> bool:
    """Whether a marker stands anywhere in the cell."""
    return BEGIN in source or END in source


def stub(source: str, exercise: str) -> str:
    """The cell with every marked part replaced by one line that raises and names the exercise.

    Raises UserError where a marker lacks its partner or a marked part is empty.
    """
    kept: list[str] = []
    answer: list[str] | None = None
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            if answer is not None:
                raise UserError(f"{exercise}: two BEGIN SOLUTION without an END SOLUTION between them.")
            answer = []
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(f'{indent}raise NotImplementedError("{exercise}: write your lines here")')
        elif mark == END:
            if answer is None:
                raise UserError(f"{exercise}: END SOLUTION without a BEGIN SOLUTION before it.")
            if not any(part.strip() for part in answer):
                raise UserError(f"{exercise}: nothing stands between BEGIN SOLUTION and END SOLUTION.")
            answer = None
        elif BEGIN in line or END in line:
            raise UserError(
                f"{exercise}: a solution marker must stand alone on its line, found {line.strip()!r}."
            )
        elif answer is None:
            kept.append(line)
        else:
            answer.append(line)
    if answer is not None:
        raise UserError(f"{exercise}: BEGIN SOLUTION without an END SOLUTION after it.")
    return "\n".join(kept)


def solution(source: str) -> str:
    """The cell with its answer and without the marker lines."""
    return "\n".join(line for line in source.splitlines() if line.strip() not in (BEGIN, END))
