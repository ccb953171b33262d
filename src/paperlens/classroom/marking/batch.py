"""Grade what was collected: exercise by exercise into the journal, then all of it into the gradebook at once.

A run may be killed at any moment. Run again, it takes up the journal, grades what is not in it with the same hidden
inputs, and writes the same gradebook.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tqdm import tqdm

from paperlens.classroom.course import Assignment, Course
from paperlens.classroom.intake import collect, notebook
from paperlens.classroom.marking import cluster
from paperlens.classroom.marking.journal import Journal, Work
from paperlens.classroom.marking.options import Options
from paperlens.classroom.marking.outcome import Outcome, nothing
from paperlens.classroom.output import abuse, feedback, gradebook
from paperlens.classroom.terms import Late, Terms
from paperlens.errors import UserError


@dataclass(slots=True)
class Batch:
    """The submissions of one run: who, when, and which work that is."""

    course: Course
    assignment: Assignment
    students: list[str]
    times: dict[str, datetime] = field(default_factory=dict)
    works: dict[str, list[Work]] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)

    def scan(self) -> None:
        """Name all the work without keeping a single notebook in memory."""
        self.terms = {exercise: self.assignment.terms(exercise) for exercise in self.assignment.exercises}
        for student in self.students:
            submission = collect.submission(self.course, self.assignment, student)
            self.times[student] = submission.time
            self.works[student] = [
                Work(student, submission.digest, exercise) for exercise in self.assignment.exercises
            ]

    def all_works(self) -> list[Work]:
        """Every exercise of every student."""
        return [work for student in self.students for work in self.works[student]]

    def tasks(self, journal: Journal) -> Iterator[cluster.Task]:
        """What is not in the journal yet, one notebook in memory at a time; the unreadable is marked at once."""
        for student in self.students:
            waiting = [work for work in self.works[student] if work not in journal.done]
            if not waiting:
                continue
            submission = collect.submission(self.course, self.assignment, student)
            problem, status, cells = submission.problem, submission.status, []
            if not problem:
                try:
                    cells = notebook.read(submission.data)
                except notebook.BrokenError as broken:
                    problem = str(broken)
            for work in waiting:
                terms = self.terms[work.exercise]
                ready = nothing(work.exercise, terms.points, status, problem) if problem else None
                if ready is not None:
                    ready = replace(ready, version=terms.version)
                yield cluster.Task(work, cells, journal.exercise_seed(work.exercise), ready, terms)

    def submissions(self, outcomes: dict[Work, Outcome]) -> Iterator[gradebook.Marked]:
        """In the form of the gradebook."""
        late = collect.lates(self.course, self.assignment)
        for student in self.students:
            marks = {work.exercise: self.on_scale(outcomes[work]) for work in self.works[student]}
            yield gradebook.Marked(student, self.times[student], marks, late.get(student, Late()))

    def on_scale(self, outcome: Outcome) -> Outcome:
        """The outcome in the assignment's present points: two scales never meet in one gradebook."""
        points = self.terms[outcome.exercise].points
        if outcome.possible == points or not outcome.possible:
            return outcome
        return replace(outcome, score=round(outcome.score * points / outcome.possible, 4), possible=points)

    def outdated(self, outcomes: Mapping[Work, Outcome]) -> int:
        """How many were graded with other checks than the present ones."""
        return sum(
            outcome.version not in ("", self.terms[work.exercise].version)
            for work, outcome in outcomes.items()
        )

    def differences(self, outcomes: Mapping[Work, Outcome]) -> Iterator[str]:
        """What a gradebook that holds marks already will say differently."""
        before = gradebook.auto_scores(self.course, self.assignment)
        for student in self.students:
            for work in self.works[student]:
                old, new = before.get((student, work.exercise)), self.on_scale(outcomes[work])
                if old is not None and old != new.score:
                    yield f"{student}, {work.exercise}: {old:g} -> {new.score:g} of {new.possible:g}"


def grade(course: Course, assignment: Assignment, options: Options) -> list[str]:
    """Grade all who handed in, or one student; returns closing lines for the teacher."""
    batch = Batch(course, assignment, chosen(course, assignment, options.student))
    with Journal(course.root / "journal" / f"{assignment.name}.jsonl") as journal:
        journal.begin(options.regrade)
        batch.scan()
        total = sum(work not in journal.done for work in batch.all_works())
        failed = 0
        with tqdm(total=total, unit="exercise", file=sys.stderr, disable=None, mininterval=0.5) as bar:
            for work, outcome in cluster.run(batch.tasks(journal), options):
                journal.add(work, outcome)
                failed += outcome.score == 0
                bar.update()
                bar.set_postfix_str(f"{failed} failed, {total - bar.n} remaining", refresh=False)
        journal.sync()  # what reaches the gradebook is on the disk
        outcomes = {work: journal.done[work] for work in batch.all_works()}
        differences = list(batch.differences(outcomes))
        for line in differences:
            print(line)  # before it is written
        by_hand = gradebook.record(course, assignment, batch.submissions(outcomes))
        feedback.write_all(course, assignment, outcomes)
        suspicious = abuse.write_abuse(course, assignment, journal.outcomes)
        journal.end()
    counts = Counter(outcome.status for outcome in outcomes.values())
    right = sum(outcome.right for outcome in outcomes.values())
    lines = [f"{len(differences)} marks changed"] if differences else []
    lines += by_hand
    if old := batch.outdated(outcomes):
        lines.append(f"graded with other checks: {old} answers; --regrade renews all of them")
    lines += [
        f"{len(batch.students)} students, {len(outcomes)} exercises ({total} new): {right} right; {told(counts)}."
    ]
    return (
        [*lines, f"{suspicious} exercises are worth a look: reports/{assignment.name}-abuse.md"]
        if suspicious
        else lines
    )


def chosen(course: Course, assignment: Assignment, student: str) -> list[str]:
    """The students to grade; a sentence when there are none."""
    students = course.students_of(assignment)
    if student and student not in students:
        known = ", ".join(students[:10]) or "nobody"
        raise UserError(f"{student!r} handed in nothing for {assignment.name}; those who did: {known}")
    if not students:
        raise UserError(f"nothing was collected for {assignment.name}; run `paperlens class collect` first")
    return [student] if student else students


def told(counts: Counter[str]) -> str:
    """`12 graded, 1 timeout`."""
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())
