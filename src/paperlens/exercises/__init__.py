"""Exercises: functions that students write, checked by what they do."""

from paperlens.exercises.catalogue import all_exercises, find
from paperlens.exercises.check import check
from paperlens.exercises.exercise import Call, Case, Exercise, Misconception, Property
from paperlens.exercises.judge import judge, judge_by
from paperlens.exercises.reference import Reference
from paperlens.exercises.report import AnswerError, Report, Result

__all__ = [
    "AnswerError",
    "Call",
    "Case",
    "Exercise",
    "Misconception",
    "Property",
    "Reference",
    "Report",
    "Result",
    "all_exercises",
    "check",
    "find",
    "judge",
    "judge_by",
]
