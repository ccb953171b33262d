"""The page on how fast a class is graded: figures, a table and sentences from data/results/benchmarks/grading.json."""

import html
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from statistics import median
from typing import Any

from paperlens.data.files import path

BLUE, ORANGE = "#0072b2", "#d55e00"  # Okabe and Ito's, readable on a light and on a dark page
INK = "#010203"  # stands for the page's own colour of text
Row = Mapping[str, Any]


def parts() -> dict[str, str]:
    """File name -> text, for the page to include."""
    result = json.loads(path("results/benchmarks/grading.json").read_text(encoding="utf-8"))
    rows: list[Row] = result["measurements"]
    return {
        "grading_against.md": against(rows),
        "grading_workers.md": workers(rows),
        "grading_growth.md": growth(rows),
        "grading_machine.md": machine(result),
    }


def find(rows: Sequence[Row], part: str) -> list[Row]:
    """The measurements of one part, in order."""
    return [row for row in rows if row["part"] == part]


def rates(row: Row, of: str = "seconds") -> list[float]:
    """Submissions a second in each round."""
    return [row["submissions"] / seconds for seconds in row[of]]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`4.10 (3.86 to 4.40)`."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def against(rows: Sequence[Row]) -> str:
    """nbgrader's own autograde and ours on the same submissions."""
    theirs, ours = find(rows, "against")
    factor = median(rates(ours)) / median(rates(theirs))
    figure, axes = canvas(1, 2.2)
    names = ["nbgrader", "Paperlens"]
    for place, (row, colour) in enumerate(((theirs, ORANGE), (ours, BLUE))):
        axes[0].barh(place, median(rates(row)), color=colour, height=0.6)
        axes[0].plot(rates(row), [place] * len(row["seconds"]), "|", color=INK, markersize=14)
    axes[0].set_yticks(range(2), names)
    axes[0].invert_yaxis()
    axes[0].set_xlabel("submissions a second on one core")
    said = f"Bars, in submissions a second and core: nbgrader {median(rates(theirs)):.2f}, "
    said += f"Paperlens {median(rates(ours)):.2f}."
    head = ("System", "Submissions", "Seconds in each round", "A second and core: median (range)")
    table = [
        (name, str(row["submissions"]), ", ".join(f"{s:.1f}" for s in row["seconds"]), spread(rates(row)))
        for name, row in zip(names, (theirs, ours), strict=True)
    ]
    text = f"Paperlens grades **{factor:.1f} times** as many submissions a second and core as nbgrader's own autograde."
    return "\n\n".join([text, picture(figure, said), markdown(head, table)]) + "\n"


def workers(rows: Sequence[Row]) -> str:
    """One worker and two: marking alone, and with start and gradebook."""
    one, two = find(rows, "workers")
    kinds = {"marking": "while marking", "seconds": "start and gradebook included"}
    figure, axes = canvas(1, 2.6)
    factors = {}
    for kind, colour in zip(kinds, (BLUE, ORANGE), strict=True):
        several = [rates(row, kind) for row in (one, two)]
        factors[kind] = median(several[1]) / median(several[0])
        axes[0].plot((1, 2), [median(each) for each in several], "o-", color=colour, label=kinds[kind])
        for place, each in enumerate(several, 1):
            axes[0].plot([place] * len(each), each, "_", color=INK, markersize=12)
    axes[0].set_xticks((1, 2))
    axes[0].set_xlim(0.7, 2.3)
    axes[0].set_ylim(0)
    axes[0].set_xlabel("workers, each on a core of its own")
    axes[0].set_ylabel("submissions a second")
    axes[0].legend(frameon=False, labelcolor=INK)
    said = (
        "Lines from one to two workers: "
        + "; ".join(f"{kinds[k]} {factors[k]:.2f} times" for k in kinds)
        + "."
    )
    head = ("Workers", "Submissions", "While marking, a second: median (range)", "All included, a second")
    table = [
        (str(row["workers"]), str(row["submissions"]), spread(rates(row, "marking")), spread(rates(row)))
        for row in (one, two)
    ]
    text = (
        f"A second worker makes marking **{factors['marking']:.2f} times** as fast. Starting two workers takes "
        f"some seconds, so that a batch of {one['submissions']} gains {factors['seconds']:.2f} times in all."
    )
    return "\n\n".join([text, picture(figure, said), markdown(head, table)]) + "\n"


def growth(rows: Sequence[Row]) -> str:
    """Time and memory against the number of submissions."""
    several = find(rows, "growth")
    counts = [row["submissions"] for row in several]
    minutes = [median(row["seconds"]) / 60 for row in several]
    memory = [median(row["grader_mb"]) for row in several]
    everything = [median(row["all_mb"]) for row in several]
    figure, axes = canvas(2, 2.8)
    axes[0].plot(counts, minutes, "o-", color=BLUE)
    axes[0].set_ylabel("minutes, two workers")
    axes[1].plot(counts, memory, "o-", color=BLUE, label="grader")
    axes[1].plot(counts, everything, "s--", color=ORANGE, label="with workers and sandboxes")
    axes[1].set_ylabel("largest resident memory, MB")
    axes[1].legend(frameon=False, labelcolor=INK)
    for one in axes:
        one.set_xlim(0)
        one.set_ylim(0)
        one.set_xlabel("submissions")
    last = several[-1]
    each = [1000 * seconds / count for seconds, count in zip((60 * m for m in minutes), counts, strict=True)]
    said = (
        f"From {counts[0]} to {counts[-1]} submissions time grows from {minutes[0]:.1f} to {minutes[-1]:.1f} "
    )
    said += f"minutes, the grader's memory from {memory[0]:.0f} to {memory[-1]:.0f} MB."
    head = ("Submissions", "Minutes", "Milliseconds each", "Grader, MB", "With workers and sandboxes, MB")
    table = [
        (str(count), f"{minute:.2f}", f"{ms:.0f}", f"{own:.0f}", f"{total:.0f}")
        for count, minute, ms, own, total in zip(counts, minutes, each, memory, everything, strict=True)
    ]
    text = (
        f"{last['submissions']} submissions take **{minutes[-1]:.1f} minutes** on two cores. The time of one "
        f"submission lies between {min(each):.0f} and {max(each):.0f} ms over all sizes, the grader's memory "
        f"between {min(memory):.0f} and {max(memory):.0f} MB."
    )
    return "\n\n".join([text, picture(figure, said), markdown(head, table)]) + "\n"


def machine(result: Mapping[str, Any]) -> str:
    """What the numbers were made on, and how busy it was."""
    found, versions = result["machine"], result["versions"]
    again = [row for row in result["measurements"] if "began" in row]  # a part that was measured later
    loads = [load for row in result["measurements"] if row not in again for load in row["load"]]
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    text = (
        f"Measured on {result['began']}: {found['processor']}, {found['cores']} cores, {found['memory_gb']:g} GB; "
        f"{result['exercises']} exercises a submission. {told}. The machine was also used by others (load "
        f"{min(loads):.0f} to {max(loads):.0f}); both systems ran at the same priority, {found['priority']}.\n"
    )
    for row in again[:1]:
        loads = [load for one in again for load in one["load"]]
        text += (
            f"\nThe second worker was measured again on {row['began']}, commit {row['commit']}, at {row['priority']}, "
            f"when the load was {min(loads):.0f} to {max(loads):.0f}, its own included.\n"
        )
    return text


def canvas(panels: int, height: float) -> tuple[Any, list[Any]]:
    """A figure without a ground, its lines and letters in `INK`."""
    from matplotlib.figure import Figure  # here, so that the site starts without it

    figure = Figure(figsize=(7.0, height), layout="constrained")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    for one in axes:
        one.patch.set_alpha(0)
        one.tick_params(colors=INK)
        one.xaxis.label.set_color(INK)
        one.yaxis.label.set_color(INK)
        one.spines[["top", "right"]].set_visible(False)
        one.spines[["left", "bottom"]].set_color(INK)
    return figure, axes


def picture(figure: Any, said: str) -> str:
    """The figure inside the page, in the page's letters and colour of text; `said` is read out."""
    import matplotlib

    drawn = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": said}):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor").replace("'DejaVu Sans'", "inherit")
    text = "\n".join(line for line in text.splitlines() if line.strip())
    opening = f'<svg role="img" aria-label="{html.escape(said)}" style="max-width: 100%; height: auto"'
    return f"```{{raw}} html\n<figure>\n{text.replace('<svg', opening, 1)}\n</figure>\n```"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; numbers to the right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *rows])
