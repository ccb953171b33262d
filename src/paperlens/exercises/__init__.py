"""Exercises: functions that students write, checked by what they do.

`engine` checks an answer, `bank/PREFIX/NAME.py` holds the exercise PREFIX.NAME, `catalogue` names them all.
"""

from paperlens.lazy import exports

EXPORTS = {
    "AnswerError": "paperlens.exercises.engine.report",
    "Call": "paperlens.exercises.engine.exercise",
    "Case": "paperlens.exercises.engine.exercise",
    "Exercise": "paperlens.exercises.engine.exercise",
    "Misconception": "paperlens.exercises.engine.exercise",
    "Property": "paperlens.exercises.engine.exercise",
    "Reference": "paperlens.exercises.engine.reference",
    "Report": "paperlens.exercises.engine.report",
    "Result": "paperlens.exercises.engine.report",
    "all_exercises": "paperlens.exercises.catalogue",
    "check": "paperlens.exercises.engine.check",
    "find": "paperlens.exercises.catalogue",
    "judge": "paperlens.exercises.engine.judge",
    "judge_by": "paperlens.exercises.engine.judge",
    "use": "paperlens.exercises.engine.use",
}
__getattr__, __dir__ = exports(__name__, EXPORTS)
