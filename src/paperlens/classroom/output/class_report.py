"""How a class did: a table, what failed first in each exercise, which misconceptions are about, and a plot for each."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.outcome import STATUSES, Outcome

MOST = 6  # rows of a list of reasons
WIDTH = 60  # characters of a reason in a plot


def write(course: Course, assignment: Assignment, outcomes: Mapping[Work, Outcome]) -> Path:
    """Write `reports/NAME.md` and a plot for each exercise; returns the page."""
    by_student: dict[str, dict[str, Outcome]] = defaultdict(dict)
    by_exercise: dict[str, list[Outcome]] = {exercise: [] for exercise in assignment.exercises}
    for work, outcome in outcomes.items():
        by_student[work.student][work.exercise] = outcome
        by_exercise[work.exercise].append(outcome)
    lines = [f"# {assignment.name}: {len(by_student)} students", ""]
    for exercise, several in by_exercise.items():
        picture = f"{assignment.name}-{exercise.replace('.', '-')}.png"
        plot(course.root / "reports" / picture, exercise, several)
        lines += [*about(exercise, several), f"![{alternative(exercise, several)}]({picture})", ""]
    lines += table(by_student, assignment)
    page = course.root / "reports" / f"{assignment.name}.md"
    durable.write(page, "\n".join(lines) + "\n")
    return page


def about(exercise: str, outcomes: list[Outcome]) -> list[str]:
    """One exercise in words and two short tables."""
    wrong = [outcome for outcome in outcomes if outcome.score == 0]
    counts = Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    lines = [f"## {exercise}", "", f"{len(outcomes) - len(wrong)} of {len(outcomes)} right ({told}).", ""]
    for title, several in (
        ("first thing that did not hold", Counter(outcome.failed for outcome in wrong if outcome.failed)),
        ("misconception", Counter(outcome.misconception for outcome in wrong if outcome.misconception)),
    ):
        if several:
            lines += [f"| {title} | students | share of the wrong |", "|---|---|---|"]
            for reason, count in several.most_common(MOST):
                lines.append(f"| {reason.replace('|', '/')} | {count} | {count / len(wrong):.0%} |")
            lines.append("")
    return lines


def table(by_student: Mapping[str, Mapping[str, Outcome]], assignment: Assignment) -> list[str]:
    """One row for each student."""
    lines = ["## All students", "", "| student | " + " | ".join(assignment.exercises) + " | points |"]
    lines.append("|---" * (len(assignment.exercises) + 2) + "|")
    for student, marks in sorted(by_student.items()):
        cells = [f"{one.score:g}" if one.status == "graded" else one.status for one in marks.values()]
        total, possible = (
            sum(getattr(one, name) for one in marks.values()) for name in ("score", "possible")
        )
        lines.append(f"| {student} | " + " | ".join(cells) + f" | {total:g} of {possible:g} |")
    return lines


def reasons(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    """What the plot shows: right, then each reason for no points."""
    wrong = [outcome for outcome in outcomes if outcome.score == 0]
    several = Counter(o.failed if o.status == "graded" else o.status for o in wrong)
    return [("right", len(outcomes) - len(wrong)), *several.most_common(MOST)]


def alternative(exercise: str, outcomes: list[Outcome]) -> str:
    """The plot in words."""
    return f"{exercise}: " + ", ".join(f"{count} {reason}" for reason, count in reasons(outcomes))


def plot(path: Path, exercise: str, outcomes: list[Outcome]) -> None:
    """Horizontal bars: how many were right, and what failed first for the others."""
    from matplotlib.figure import Figure

    rows = reasons(outcomes)[::-1]
    figure = Figure(figsize=(8, 0.8 + 0.4 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    names = [reason if len(reason) <= WIDTH else reason[: WIDTH - 1] + "…" for reason, _ in rows]
    bars = axes.barh(names, [count for _, count in rows], color="0.7", edgecolor="0.2")
    bars[-1].set_hatch("//")  # right: told apart without colour
    axes.bar_label(bars, padding=3)
    axes.set(title=exercise, xlabel="students")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
