"""`check(id, function)`: the judgement of an answer, at once, where it was written."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from paperlens.errors import UserError
from paperlens.exercises.catalogue import find
from paperlens.exercises.engine import reach
from paperlens.exercises.engine.compare import kind
from paperlens.exercises.engine.exercise import Exercise
from paperlens.exercises.engine.judge import judge
from paperlens.exercises.engine.local import LocalCall
from paperlens.exercises.engine.refuse import uses_paperlens
from paperlens.exercises.engine.report import AnswerError, Report, Result, one_line
from paperlens.exercises.engine.use import remember

SEED = 0
SECONDS = 6.0
MOST_CELLS = 400  # of the session's history


def check(exercise_id: Any, function: Any) -> Report:
    """Check an answer, print at most four lines, and return the report. It never raises.

    The report's `case` is the first input that failed, to look at and to call the function with.

    Args:
        exercise_id: which exercise, "metrics.psnr".
        function: the answer itself, without brackets; any callable. Whatever else comes, in either place,
            is told in the report.
    """
    report = _report(exercise_id, function)
    _print(report)
    report.was_shown()
    return report


def _report(exercise_id: Any, function: Any) -> Report:
    name = one_line(exercise_id, 60) if type(exercise_id) is str else "check"
    try:
        exercise = find(exercise_id)
        name = exercise.id
        if not callable(function):
            example = f'check("{exercise.id}", {exercise.function})'
            return _failed(
                name, "it is a function", f"got {kind(function)}; pass the function itself: {example}"
            )
        refusal = uses_paperlens(function)
        if refusal:
            return _failed(name, "it is your own work", refusal)
        with LocalCall(function, SECONDS) as call:
            report = judge(exercise, call, SEED)
        remember(exercise.id, function, report.passed)
        return replace(report, note=lacking(exercise)) if report.passed else report
    except (UserError, AnswerError) as error:
        return _failed(name, "there is something to check", str(error))
    except KeyboardInterrupt:
        return _failed(name, "it ran to its end", "stopped before all checks were done")
    except BaseException as error:  # whatever happens, a cell of the notebook must not break
        return _failed(
            name, "it could be judged", f"paperlens failed to judge this ({kind(error)}); please report it"
        )


def lacking(exercise: Exercise) -> str:
    """What a class could not give the answer that passed, as the end of a sentence; empty outside of notebooks."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None)
    if not history or exercise.id not in str(history[-1]):
        return ""  # a front end that keeps no history (nbval): nothing can be foreseen
    try:
        notebook = reach.Notebook([str(text) for text in history[-MOST_CELLS:]])
        answer = notebook.candidates(exercise.id, exercise.function, [])[0]
        missing = [f"`{name}`" for name in notebook.select(answer).unknown]
    except reach.RefusedError as refusal:
        return f"it would get no points: {refusal}"
    except Exception:  # whatever a cell holds, a right answer is told that it is right
        return ""
    if not missing:
        return ""
    return f"{', '.join(missing[:3])} would not be there: no cell makes it that a class can run"


def _failed(exercise_id: str, name: str, message: str) -> Report:
    return Report(exercise=exercise_id, results=(Result(name=name, passed=False, message=message),))


def _print(report: Report) -> None:
    """Print, also on a console that knows ASCII alone, and where there is no console at all."""
    text = str(report)
    try:
        print(text)
    except UnicodeError:
        print(text.encode("ascii", "backslashreplace").decode())
    except (OSError, ValueError, AttributeError):
        pass  # a closed stream: the report is returned all the same
