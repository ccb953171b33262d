"""Where answers are marked: in this process, or by Dask on several cores or machines. The same function either way."""

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from paperlens.classroom.intake import notebook
from paperlens.classroom.marking.journal import Work
from paperlens.classroom.marking.mark import behind_the_wall, mark
from paperlens.classroom.marking.options import Options
from paperlens.classroom.marking.outcome import Outcome
from paperlens.classroom.sandbox import session
from paperlens.classroom.sandbox.limits import Limits
from paperlens.classroom.terms import Terms
from paperlens.errors import UserError

AHEAD = 3  # submissions per worker that are handed out at once: enough to keep it busy, little enough to stay small
LIVES = 10  # workers that one submission may lose before it is given up


@dataclass(frozen=True, slots=True)
class Task:
    """One exercise to mark; `ready` is its outcome when nothing has to be run."""

    work: Work
    cells: list[notebook.Cell]
    seed: int
    ready: Outcome | None
    terms: Terms


Done = tuple[Work, Outcome]


def run(tasks: Iterator[Task], options: Options) -> Iterator[Done]:
    """Mark all tasks, in any order."""
    if options.scheduler or options.workers > 1:
        yield from distributed(tasks, options)
        return
    answer = behind_the_wall
    if options.unsafe:
        from paperlens.classroom.marking.unsafe import in_this_process as answer  # type: ignore[assignment]
    cores = os.sched_getaffinity(0)
    try:
        for task in tasks:
            if not task.ready and not options.unsafe:
                # One worker is one core: judge and answer take turns, the cheaper the nearer they are.
                os.sched_setaffinity(0, {session.nursery().core})
            yield (
                task.work,
                task.ready
                or mark(
                    task.cells, task.work.exercise, task.seed, options.limits, answer=answer, terms=task.terms
                ),
            )
    finally:
        os.sched_setaffinity(0, cores)


def distributed(tasks: Iterator[Task], options: Options) -> Iterator[Done]:
    """Through Dask; a lost worker's tasks run elsewhere."""
    dask: Any = importlib.import_module("dask")
    dd: Any = importlib.import_module("distributed")

    if options.unsafe:
        raise UserError("--unsafe runs answers in this process; leave --workers and --scheduler away")
    if options.workers == 1 or not options.scheduler:
        session.check()  # a machine without bubblewrap is told at once, not by every worker
    dask.config.set({"distributed.scheduler.allowed-failures": LIVES, "distributed.worker.daemon": False})
    if options.scheduler:
        place: Any = options.scheduler
    else:
        place = dd.LocalCluster(
            n_workers=options.workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
    try:
        client = dd.Client(place, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"no Dask scheduler answers at {place}; expected an address such as tcp://host:8786"
        ) from error
    try:
        ahead = AHEAD * max(1, options.workers, len(client.scheduler_info()["workers"]))
        running = dd.as_completed(loop=client.loop)
        # A student's exercises travel together: a task costs Dask milliseconds, and the notebook goes once.
        for _, together in groupby(tasks, key=lambda task: task.work.student):
            several = list(together)
            yield from ((task.work, task.ready) for task in several if task.ready)
            if rest := [task for task in several if not task.ready]:
                running.add(client.submit(remotely, rest, options.limits, pure=False, key=key()))
            if running.count() >= ahead:
                yield from result(next(running))
        for future in running:
            yield from result(future)
    finally:
        client.close()
        if not options.scheduler:
            place.close()


def key() -> str:
    """A name in Dask; unique, and without the student's."""
    return f"mark-{os.urandom(8).hex()}"


def result(future: Any) -> list[Done]:
    """The outcomes; what a worker could not do becomes a sentence."""
    try:
        done: list[Done] = future.result()
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"a worker failed ({type(error).__name__}: {error}); run the command again, nothing is lost"
        ) from error
    return done


def remotely(tasks: list[Task], limits: Limits) -> list[Done]:
    """Runs in a Dask worker, which keeps its nursery from one submission to the next."""
    pin()
    return [
        (task.work, mark(task.cells, task.work.exercise, task.seed, limits, terms=task.terms))
        for task in tasks
    ]


_pinned: list[int] = []


def pin() -> None:
    """Keep this worker, and the sandbox that it starts, on one core of its own."""
    if _pinned:
        return
    from distributed import get_worker

    name = str(get_worker().name)
    cores = sorted(os.sched_getaffinity(0))
    _pinned.append(cores[int(name) % len(cores)] if name.isdigit() else -1)
    if _pinned[0] >= 0:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), {_pinned[0]})
