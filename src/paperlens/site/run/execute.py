"""Runs the chapters whose kept execution no longer holds; one that stops is told in a sentence."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

from paperlens.data.files import root as data_root
from paperlens.errors import UserError
from paperlens.site.chapters.forms import runnable
from paperlens.site.chapters.source import Chapter
from paperlens.site.places import Places
from paperlens.site.run import cache, record
from paperlens.site.run.kernel import WakefulManager

CELL_SECONDS = 300  # a training cell has 45 s on two free cores; a busy or slow machine gets more
SMOKE_SECONDS = 100  # nothing is trained there
JOBS = min(2, os.cpu_count() or 1)  # chapters side by side
AVERAGE, MOST = 45, 60  # seconds of a chapter in profile class: the course's budget
QUIET = {
    "TQDM_DISABLE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",  # two chapters run side by side; networks this small gain nothing from a second thread
    "OMP_WAIT_POLICY": "passive",  # a busy machine: threads that spin while they wait cost four times the work
}


def execute(
    chapters: list[Chapter], places: Places, profile: str = "class", *, jobs: int = JOBS, force: bool = False
) -> dict[str, cache.Execution]:
    """Chapter name -> execution; reruns what changed, or all with `force`. UserError where one stops."""
    done = {} if force else {c.name: kept for c in chapters if (kept := cache.load(c, places, profile))}
    missing = [c for c in chapters if c.name not in done]
    if missing:
        done |= asyncio.run(_execute(missing, places, profile, jobs))
    return {c.name: done[c.name] for c in chapters}


async def _execute(
    chapters: list[Chapter], places: Places, profile: str, jobs: int
) -> dict[str, cache.Execution]:
    free = asyncio.Semaphore(jobs)

    async def one(chapter: Chapter) -> tuple[str, cache.Execution]:
        async with free:
            notebook = runnable(chapter)
            with tempfile.TemporaryDirectory() as scratch:
                started = time.monotonic()
                modules, data = await run(notebook, chapter.name, Path(scratch), profile)
                seconds = time.monotonic() - started
            beside = cache.beyond_imports(chapter, modules)
            execution = cache.Execution(notebook, seconds, beside, tuple(sorted(data)))
            cache.save(chapter, places, profile, execution)
            print(f"executed {chapter.name} in {execution.seconds:.1f} s (profile {profile})", flush=True)
            return chapter.name, execution

    tasks = [asyncio.create_task(one(chapter)) for chapter in chapters]
    try:
        return dict(await asyncio.gather(*tasks))
    finally:  # one stopped: the others end too, and shut their kernels down
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run(
    notebook: NotebookNode, name: str, scratch: Path, profile: str, *, allow_errors: bool = False
) -> tuple[list[str], list[str]]:
    """Execute one notebook in place, in the folder `scratch`; the modules and data files it used.

    With `allow_errors` a cell that raises keeps its traceback and the next one runs; otherwise UserError.
    """
    limit = SMOKE_SECONDS if profile == "smoke" else CELL_SECONDS
    try:
        try:
            return await _attempt(notebook, name, scratch, profile, limit=limit, allow_errors=allow_errors)
        except CellTimeoutError:
            # Seen once in some dozens of runs: a message is lost between client and kernel, the kernel has finished and
            # both wait. A cell that is too slow is too slow twice.
            return await _attempt(notebook, name, scratch, profile, limit=limit, allow_errors=allow_errors)
    except CellExecutionError as error:
        raise UserError(
            f"{where(notebook, name)} stopped with {error.ename}: {_line(error.evalue)}"
        ) from None
    except CellTimeoutError:
        raise UserError(f"{where(notebook, name)} ran past its limit of {limit} s.") from None
    except DeadKernelError:
        raise UserError(
            f"{where(notebook, name)} ended its kernel; the machine may be out of memory."
        ) from None


async def _attempt(
    notebook: NotebookNode, name: str, scratch: Path, profile: str, *, limit: int, allow_errors: bool
) -> tuple[list[str], list[str]]:
    """One kernel, every cell once."""
    cells = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    log = scratch / "record"
    hook = (
        f"__import__('paperlens.site.run.record').site.run.record.start({str(log)!r}, {str(data_root())!r})"
    )
    bar = tqdm(total=len(cells), desc=name, unit="cell", leave=False, disable=not sys.stderr.isatty())
    client = NotebookClient(
        notebook,
        timeout=limit,
        kernel_name="python3",
        kernel_manager_class=WakefulManager,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(scratch)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR", f"--IPKernelApp.exec_lines={hook}"],
        on_cell_executed=lambda **_: bar.update(),
        store_widget_state=True,
    )
    try:
        await client.async_execute(env=os.environ | QUIET | {"PAPERLENS_PROFILE": profile})
    finally:
        bar.close()
    return record.read(log)


def budget(executed: Mapping[str, cache.Execution]) -> str:
    """The seconds of each chapter as a table, with the course's budget and who is over it."""
    seconds = {name: execution.seconds for name, execution in executed.items()}
    mean = sum(seconds.values()) / len(seconds)
    rows = [f"  {name:24}{one:6.1f} s{'  over' if one > MOST else ''}" for name, one in seconds.items()]
    rows.append(f"  {'average':24}{mean:6.1f} s{'  over' if mean > AVERAGE else ''}")
    return "\n".join([*rows, f"  budget: {AVERAGE} s on average, {MOST} s at most, one thread"])


def where(notebook: NotebookNode, name: str) -> str:
    """The chapter, the number and the first line of the cell that ran last."""
    started = [
        (i, c)
        for i, c in enumerate(notebook.cells, 1)
        if c.cell_type == "code" and "execution" in c.metadata  # nbclient sets it before it sends
    ]
    if not started:
        return name
    number, cell = started[-1]
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"{name}, cell {number} ({first.strip()[:60]!r})"


def _line(text: str) -> str:
    return " ".join(str(text).split())[:300]
