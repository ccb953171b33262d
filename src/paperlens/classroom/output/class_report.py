"""How a class did, as one page: mean, median, distribution, passed of started, what failed first, who is missing."""

import base64
import io
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping
from html import escape
from pathlib import Path

from paperlens.classroom import durable
from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.outcome import STATUSES, Outcome
from paperlens.classroom.output import gradebook
from paperlens.classroom.output.gradebook import Score
from paperlens.classroom.output.standalone import document, table

MOST = 6  # rows of a list of reasons
WIDTH = 60  # characters of a reason in a plot
NOT_WRITTEN = "not written yet"


def write(course: Course, assignment: Assignment, outcomes: Mapping[Work, Outcome]) -> Path:
    """Write `reports/NAME.html`; returns the page."""
    by_student: dict[str, dict[str, Outcome]] = defaultdict(dict)
    by_exercise: dict[str, list[Outcome]] = {exercise: [] for exercise in assignment.exercises}
    for work, outcome in outcomes.items():
        by_student[work.student][work.exercise] = outcome
        by_exercise[work.exercise].append(outcome)
    lates = {(assignment.name, who): late for who, late in collect.lates(course, assignment).items()}
    scores: dict[str, list[Score]] = defaultdict(list)
    for row in gradebook.scores(course, lates):
        if row.assignment == assignment.name:
            scores[row.student].append(row)
    absent = [
        who for who in scores if who not in by_student or not collect.about(course, assignment, who).handed_in
    ]
    present = [who for who in by_student if who not in absent]
    body = [f"<h1>{escape(assignment.name)}: {len(by_student)} students</h1>", overall(scores, present)]
    if absent:
        body.append(f"<h2>Nothing was handed in</h2><p>{escape(', '.join(sorted(absent)))}</p>")
    for exercise, several in by_exercise.items():
        body += about(exercise, several)
    body += ["<h2>All students</h2>", everybody(assignment, by_student, scores)]
    page = course.root / "reports" / f"{assignment.name}.html"
    durable.write(page, document(f"{assignment.name}: the class", "".join(body)))
    return page


def total(rows: list[Score]) -> float:
    """A student's points, lateness taken off."""
    return sum(row.score for row in rows) * (1 - rows[0].penalty) if rows else 0.0


def overall(scores: Mapping[str, list[Score]], present: list[str]) -> str:
    """Mean, median and distribution of those who handed in something."""
    totals = [total(scores[who]) for who in present if scores.get(who)]
    if not totals:
        return "<p>Nobody handed in anything yet.</p>"
    possible = sum(row.possible for row in scores[present[0]])
    late = sum(bool(scores[who] and scores[who][0].late) for who in present)
    by_hand = sum(bool(row.hand) for who in present for row in scores[who])
    words = (
        f"Of {possible:g} points: mean {statistics.fmean(totals):.2f}, median {statistics.median(totals):g}"
    )
    words += f", from {min(totals):g} to {max(totals):g}; {late} late; {by_hand} marks by hand."
    return f"<p class=total>{words}</p>" + picture(
        histogram(totals, possible), f"Distribution of the points. {words}"
    )


def about(exercise: str, outcomes: list[Outcome]) -> list[str]:
    """One exercise in words, two short tables and a plot."""
    wrong = [outcome for outcome in outcomes if not outcome.right]
    started = [o for o in outcomes if o.status != "missing" and NOT_WRITTEN not in " ".join(o.lines).lower()]
    right = len(outcomes) - len(wrong)
    counts = Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    body = [f"<h2>{escape(exercise)}</h2><p>{right} right of {len(started)} who started it ({told}).</p>"]
    for title, several in (
        ("first thing that did not hold", Counter(outcome.failed for outcome in wrong if outcome.failed)),
        ("misconception", Counter(outcome.misconception for outcome in wrong if outcome.misconception)),
    ):
        if several:
            rows = [
                [why, str(count), f"{count / len(wrong):.0%}"] for why, count in several.most_common(MOST)
            ]
            body.append(table([title, "students", "share of the wrong"], rows))
    return [*body, picture(bars(exercise, outcomes), alternative(exercise, outcomes))]


def everybody(
    assignment: Assignment, by_student: Mapping[str, Mapping[str, Outcome]], scores: Mapping[str, list[Score]]
) -> str:
    """One row for each student."""
    rows = []
    for student, marks in sorted(by_student.items()):
        known = {row.exercise: row for row in scores.get(student, [])}
        cells = []
        for exercise in assignment.exercises:
            outcome, row = marks.get(exercise), known.get(exercise)
            points = f"{row.score:g}" if row else ""
            status = outcome.status if outcome and outcome.status != "graded" else ""
            hand = f" ({row.hand})" if row and row.hand else ""
            cells.append(f"{status or points}{hand}" if not hand else f"{points}{hand}")
        several = scores.get(student, [])
        late = several[0].late if several else ""
        rows.append(
            [student, *cells, f"{total(several):g} of {sum(row.possible for row in several):g}", late]
        )
    return table(["student", *assignment.exercises, "points", "late"], rows)


def reasons(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    """What the plot shows: right, then each reason for no points."""
    wrong = [outcome for outcome in outcomes if not outcome.right]
    several = Counter(o.failed if o.status == "graded" else o.status for o in wrong)
    return [("right", len(outcomes) - len(wrong)), *several.most_common(MOST)]


def alternative(exercise: str, outcomes: list[Outcome]) -> str:
    """The plot in words."""
    return f"{exercise}: " + ", ".join(f"{count} {reason}" for reason, count in reasons(outcomes))


def bars(exercise: str, outcomes: list[Outcome]) -> bytes:
    """Horizontal bars: how many were right, and what failed first for the others."""
    from matplotlib.figure import Figure

    rows = reasons(outcomes)[::-1]
    figure = Figure(figsize=(8, 0.8 + 0.4 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    names = [reason if len(reason) <= WIDTH else reason[: WIDTH - 1] + "…" for reason, _ in rows]
    drawn = axes.barh(names, [count for _, count in rows], color="0.7", edgecolor="0.2")
    drawn[-1].set_hatch("//")  # right: told apart without colour
    axes.bar_label(drawn, padding=3)
    axes.set(title=exercise, xlabel="students")
    axes.spines[["top", "right"]].set_visible(False)
    return png(figure)


def histogram(totals: list[float], possible: float) -> bytes:
    """How many students reached how many points."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 2.4), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(
        totals, bins=min(20, max(5, int(possible))), range=(0, possible or 1), color="0.7", edgecolor="0.2"
    )
    axes.set(xlabel="points", ylabel="students")
    axes.spines[["top", "right"]].set_visible(False)
    return png(figure)


def png(figure: object) -> bytes:
    """The figure's bytes."""
    out = io.BytesIO()
    figure.savefig(out, dpi=110, format="png")  # type: ignore[attr-defined]
    return out.getvalue()


def picture(data: bytes, words: str) -> str:
    """A picture that lies in the page itself."""
    return f'<p><img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(data).decode()}"></p>'
