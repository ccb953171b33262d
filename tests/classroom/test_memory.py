"""A class of a thousand takes hardly more memory than a class of twenty."""

import os
import resource

import pytest

from paperlens.classroom import course as courses
from paperlens.classroom.marking import batch
from paperlens.classroom.marking.options import Options

MOST = 8 << 10  # bytes a submission of two exercises: what its outcomes in the journal take


def submit(course, assignment, numbers):
    """Submissions that need no sandbox: what is measured is everything around it."""
    for number in numbers:
        folder = course.submitted(f"s{number:05}", assignment)
        folder.mkdir(parents=True)
        (folder / "rejected.json").write_text('{"problem": "not a notebook", "label": "x"}')
        (folder / "timestamp.txt").write_text("2026-01-01 00:00:00.000000 UTC")


@pytest.mark.verify
def test_memory_is_flat(course):
    opened = courses.open_course(course)
    assignment = opened.assignment("scores")
    submit(opened, assignment, range(100))
    child = os.fork()  # the peak of a process never falls: measured in one of its own
    if child == 0:
        code = 1
        try:
            batch.grade(opened, assignment, Options())
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            submit(opened, assignment, range(100, 1100))
            batch.grade(opened, assignment, Options())
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
            code = 0 if grown / 1000 < MOST else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
