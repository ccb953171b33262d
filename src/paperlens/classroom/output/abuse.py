"""What the teacher should look at: what answers tried, and what had become of their cells."""

from collections.abc import Mapping

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.outcome import Outcome

EXPLANATION = """What stands here is no proof of bad intent: a loop without end is mostly a mistake, and a note
says what the answer's process was seen doing, as far as Python lets itself be watched. Nothing of it reached a score, a
file or another student.
"""


def write_abuse(course: Course, assignment: Assignment, outcomes: Mapping[Work, Outcome]) -> int:
    """Write `reports/NAME-abuse.md`; returns how many exercises are in it."""
    rows = [
        (work.student, work.exercise, outcome.status, ", ".join(outcome.notes), outcome.remark)
        for work, outcome in sorted(outcomes.items(), key=lambda item: (item[0].student, item[0].exercise))
        if outcome.notes or outcome.remark or outcome.status not in ("graded", "missing")
    ]
    lines = [f"# Worth a look: {assignment.name}", "", EXPLANATION]
    lines += ["| student | exercise | status | seen | remark |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    durable.write(course.root / "reports" / f"{assignment.name}-abuse.md", "\n".join(lines) + "\n")
    return len(rows)
