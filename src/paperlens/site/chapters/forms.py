"""The forms of a chapter: solution (committed), student, page; a control as its still picture."""

import copy
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from paperlens.errors import UserError
from paperlens.site.chapters import interactive
from paperlens.site.chapters.markers import solution, stub
from paperlens.site.chapters.notebooks import markdown, node
from paperlens.site.chapters.plain import plain
from paperlens.site.chapters.source import Chapter, exercise_of

WIDGET = "application/vnd.jupyter.widget-view+json"
# As paperlens.claims.MIME, which is not imported here: a prose edit must not wait for torch.
CLAIMS = "application/vnd.paperlens.claims+json"
COMMITTED = ("text/plain", "text/html", "text/markdown", "text/latex", CLAIMS)
LIMIT = 20_000  # characters of one committed output
IGNORE = "nbval-ignore-output"
FOLD = {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}


def runnable(chapter: Chapter) -> NotebookNode:
    """The solution form without outputs, its text as MyST: what is executed."""
    notebook = copy.deepcopy(chapter.notebook)
    for cell in notebook.cells:
        if exercise_of(cell):
            cell.source = solution(cell.source)
    return notebook


def with_outputs(chapter: Chapter, executed: NotebookNode) -> NotebookNode:
    """The chapter's present text with the outputs of an execution of the same code cells."""
    notebook = runnable(chapter)
    ours = [c for c in notebook.cells if c.cell_type == "code"]
    theirs = [c for c in executed.cells if c.cell_type == "code"]
    for mine, run in zip(ours, theirs, strict=True):
        mine.outputs = copy.deepcopy(run.outputs)
        mine.execution_count = run.execution_count
    notebook.metadata["widgets"] = executed.metadata.get("widgets", {})
    return notebook


def committed(chapter: Chapter, executed: NotebookNode | None, bibliography: Path) -> NotebookNode:
    """The solution form beside the source: plain Markdown, text outputs only, varying cells marked for nbval.

    Without `executed` the outputs are empty: the form to compare the committed file's cells with.
    Raises UserError where an output is longer than the limit.
    """
    notebook = with_outputs(chapter, executed) if executed is not None else runnable(chapter)
    notebook.metadata.pop("widgets", None)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            cell.source = _plain(chapter, number, cell, bibliography)
            continue
        if "varies" in cell.metadata.get("paperlens", {}):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), IGNORE]
        for output in cell.outputs:
            if "data" in output:
                output.data = node({k: v for k, v in output.data.items() if k in COMMITTED})
                output.metadata = node({})
            size = len(str(output.get("data", output.get("text", ""))))
            if size > LIMIT:
                raise UserError(
                    f"{chapter.name}, cell {number} prints {size} characters; at most {LIMIT} are committed."
                )
    return notebook


def student(chapter: Chapter, bibliography: Path) -> NotebookNode:
    """The form a student works in: stubs for answers, no outputs, no cell tagged `solution`."""
    notebook = copy.deepcopy(chapter.notebook)
    notebook.cells = [c for c in notebook.cells if "solution" not in c.metadata.get("tags", [])]
    for number, cell in enumerate(notebook.cells, 1):
        exercise = exercise_of(cell)
        if cell.cell_type == "markdown":
            cell.source = _plain(chapter, number, cell, bibliography)
        elif "hide-input" in cell.metadata.get("tags", []):  # the page's fold, as JupyterLab knows it
            cell.metadata["jupyter"] = cell.metadata.get("jupyter", {}) | {"source_hidden": True}
        if exercise:
            cell.source = stub(cell.source, exercise)
            cell.id = f"answer-{exercise.replace('.', '-')}"[:64]  # the id came from the solution's text
    return notebook


def page(
    chapter: Chapter, executed: NotebookNode, *, hide_solutions: bool = False, where: str = ""
) -> NotebookNode:
    """The form of the site: MyST text, outputs with pictures, each stub followed by its folded solution.

    `where` is the map of the course, folded below the title.
    With `hide_solutions` the answers, what they print and the cells tagged `solution` are left out.
    """
    notebook = with_outputs(chapter, executed)
    state = (
        notebook.metadata.pop("widgets", {})
        .get("application/vnd.jupyter.widget-state+json", {})
        .get("state", {})
    )
    notebook.cells[0].source = _with_download(notebook.cells[0].source, chapter.name, where)
    cells: list[NotebookNode] = []
    for cell, source in zip(notebook.cells, chapter.notebook.cells, strict=True):
        tags = cell.metadata.setdefault("tags", [])
        if hide_solutions and "solution" in tags:
            continue
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs for still in _stills(output, state)]
            exercise = exercise_of(source)
            if "hide-input" in tags and "mystnb" not in cell.metadata:
                cell.metadata["mystnb"] = _fold(cell, first=not any(c.cell_type == "code" for c in cells))
            if exercise:
                name = f"answer-{exercise.replace('.', '-')}"
                cells.append(markdown(f"```python\n{stub(source.source, exercise)}\n```", name))
                if hide_solutions:
                    continue
                tags.append("hide-input")
                cell.metadata["mystnb"] = cell.metadata.get("mystnb", {}) | FOLD
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _fold(cell: NotebookNode, *, first: bool) -> dict[str, str]:
    """What a folded cell is called: by what it holds."""
    forms = {form for output in cell.outputs for form in output.get("data", {})}
    drawn = any(form.startswith("image/") for form in forms)
    what = "setup" if first else "code of the figure" if drawn else "code of the table" if forms else "code"
    return {"code_prompt_show": what.capitalize(), "code_prompt_hide": f"Hide the {what}"}


def _with_download(text: str, name: str, where: str) -> str:
    """The first cell with the student's notebook and the map offered below the title."""
    lines = text.splitlines()
    title = next((i for i, line in enumerate(lines) if line.startswith("# ")), None)
    if title is None:
        return text
    offer = [
        "",
        ":::{div} pl-take",
        f"{{download}}`Take this chapter's notebook </notebooks/{name}.ipynb>`: it needs "
        "[the installed course](/start.md).",
        ":::",
        "",
        "```{raw} html",
        f'<p class="pl-progress" data-chapter="{name}"></p>',
        *(
            [f"<details class='pl-where'><summary>Where this chapter stands</summary>{where}</details>"]
            if where
            else []
        ),
        "```",
        "",
    ]
    return "\n".join([*lines[: title + 1], *offer, *lines[title + 1 :]])


def _stills(output: NotebookNode, state: dict[str, Any]) -> list[NotebookNode]:
    """A widget as the outputs it shows in its first state; any other output as it is, without data for the ledger."""
    if drawn := interactive.html(output.get("data", {})):
        return [node({"output_type": "display_data", "metadata": {}, "data": {"text/html": drawn}})]
    if WIDGET not in output.get("data", {}):
        output.get("data", {}).pop(CLAIMS, None)
        return [output]
    shown: list[NotebookNode] = []
    waiting = [output["data"][WIDGET]["model_id"]]
    while waiting:
        model = state.get(waiting.pop(0), {}).get("state", {})
        shown += [node(found) for found in model.get("outputs", [])]
        waiting += [str(child).removeprefix("IPY_MODEL_") for child in model.get("children", [])]
    return shown


def _plain(chapter: Chapter, number: int, cell: NotebookNode, bibliography: Path) -> str:
    try:
        return plain(cell.source, bibliography)
    except UserError as error:
        raise UserError(f"{chapter.name}, cell {number}: {error}") from None
