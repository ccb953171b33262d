"""The generated parts of the book: contents, the map of systems, the ledger of claims, the API pages."""

from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode

from paperlens.site.chapters.curriculum import System, order, parts, systems
from paperlens.site.chapters.forms import CLAIMS
from paperlens.site.chapters.source import Chapter
from paperlens.site.pages.facts import exercises, models
from paperlens.site.places import PACKAGE

ROOMS = {
    "ops": "Pure functions: windows, Fourier, resampling, patches, coils",
    "layers": "Blocks that two or more models share",
    "models": "The systems, one file each",
    "physics": "MRI and camera degradations",
    "data": "Pictures, volumes, text",
    "losses": "Losses",
    "metrics": "Metrics",
    "train": "One readable loop",
    "recipes": "Runs with their expected results",
    "exercises": "Checks, contracts, oracles",
}


def short(chapter: Chapter) -> str:
    """`00_start` -> `start`."""
    return chapter.name.partition("_")[2]


def contents(chapters: list[Chapter]) -> str:
    """The sidebar: one toctree for each part that has a chapter, then the back of the book."""
    by_name = {short(c): c.name for c in chapters}
    known = set(order())
    trees = [(title, [by_name[name] for name in part if name in by_name]) for title, part in parts().items()]
    trees.append(("More", [full for name, full in by_name.items() if name not in known]))
    blocks = [_toctree(title, [f"chapters/{name}" for name in names]) for title, names in trees if names]
    back = ["map", "ledger", "fidelity", "data", "glossary", "bibliography"]
    back += ["teachers", "security", "grading_speed", "instructor", "api/index"]
    return "\n\n".join([*blocks, _toctree("Back of the book", back)]) + "\n"


def _toctree(caption: str, pages: list[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"])


def counts(chapters: list[Chapter]) -> str:
    """The landing page's line of numbers, counted from the sources."""
    rows = [
        (len(systems()), "systems in the course"),
        (len(order()), "chapters planned"),
        (len(chapters), "ready to study" if len(chapters) != 1 else "ready to study now"),
        (
            len(models()),
            "models checked against the authors' numbers" if len(models()) != 1 else "model checked",
        ),
        (len(exercises()), "exercises with instant feedback"),
    ]
    items = "".join(f"<div><dt>{label}</dt><dd>{number}</dd></div>" for number, label in rows if number)
    return f"```{{raw}} html\n<dl class='pl-counts'>{items}</dl>\n```\n"


def course(chapters: list[Chapter]) -> str:
    """All chapters by part, with their systems; a link where the chapter exists."""
    written = {short(c): c for c in chapters}
    rows = systems()
    lines: list[str] = []
    number = 0
    for title, part in parts().items():
        lines += [
            f"### {title}",
            "",
            "```{list-table}",
            ":class: pl-course",
            ":widths: 8 44 48",
            ":header-rows: 1",
            "",
        ]
        lines += ["* - No.", "  - Chapter", "  - Systems"]
        for name, planned in part.items():
            chapter = written.get(name)
            link = (
                f"[{chapter.title}](/chapters/{chapter.name}.ipynb)" if chapter else f"{planned} *(planned)*"
            )
            lines += [f"* - {number:02d}", f"  - {link}"]
            lines += [f"  - {', '.join(s.system for s in rows if s.chapter == name) or '–'}"]
            number += 1
        lines += ["```", ""]
    return "\n".join(lines) + "\n"


def system_table(chapters: list[Chapter]) -> str:
    """Every system: paper, chapter, code and the parameter count of its largest preset."""
    written = {short(c): c for c in chapters}
    built = models()
    lines = [
        "```{list-table}",
        ":class: pl-systems",
        ":header-rows: 1",
        "",
        "* - System",
        "  - Paper",
        "  - Chapter",
    ]
    lines += ["  - Code", "  - Parameters (largest preset)"]
    for system in systems():
        chapter = written.get(system.chapter)
        where, code, size = system.chapter, "planned", "–"
        if chapter:
            where = f"[{chapter.name}](/chapters/{chapter.name}.ipynb)"
        if entry := built.get(system.id):
            code = f"[`{entry['module'].partition('.')[2]}`](/api/models.md)"
            name, number = max(entry["parameters"].items(), key=lambda item: item[1])
            size = f"{number:,} (`{name}`)"
        cells = [system.system, system.paper, where, code, size]
        lines += [f"{'* ' if cell is cells[0] else '  '}- {cell}" for cell in cells]
    return "\n".join([*lines, "```", ""])


def ledger(executed: Iterable[NotebookNode] = ()) -> str:
    """Every claim with what the chapters' claims tables say of it; a claim without a result says so."""
    found = {claim["id"]: claim for notebook in executed for claim in _claims(notebook)}
    lines: list[str] = []
    by_chapter: dict[str, list[System]] = {}
    for system in systems():
        by_chapter.setdefault(system.chapter, []).append(system)
    for chapter, rows in by_chapter.items():
        lines += [f"## {chapter}", "", "```{list-table}", ":header-rows: 1", ":widths: 14 46 20 20", ""]
        lines += [
            "* - Claim",
            "  - What the paper says",
            "  - Run here, and result; before that, the rule",
            "  - Verdict",
        ]
        for claim in (claim for system in rows for claim in system.claims):
            row = found.get(claim.id, {})
            result = f"{row['ran']}: {row['result']}. {claim.measured}" if row else claim.rule
            lines += [
                f"* - `{claim.id}`",
                f"  - {_cell(claim.claim)} ({_cell(claim.source)})",
                f"  - {_cell(result)}",
            ]
            lines += [f"  - {row.get('verdict', 'not run yet')}"]
        lines += ["```", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    for special in "\\`*_<$[":
        text = text.replace(special, f"\\{special}")
    return text


def _claims(notebook: NotebookNode) -> list[dict[str, str]]:
    """What the cells of one executed chapter displayed with `paperlens.claims.show`."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [claim for output in outputs for claim in output.get("data", {}).get(CLAIMS, [])]


def api() -> dict[str, str]:
    """API page name -> text: one page a room, one section a module."""
    pages = {}
    for room, line in ROOMS.items():
        modules = [
            name for name in _modules(room) if not any(part.startswith("_") for part in name.split("."))
        ]
        if modules:
            blocks = [f"# {room}", "", f"{line}.", ""]
            for name in modules:
                blocks += [
                    f"## {name.partition('.')[2]}",
                    "",
                    "```{eval-rst}",
                    f".. automodule:: {name}",
                    "   :members:",
                ]
                blocks += ["   :member-order: bysource", "```", ""]
            pages[room] = "\n".join(blocks)
    index = [
        "# API",
        "",
        "What the package offers to a reader who comes for the code alone.",
        "",
        "```{toctree}",
        "",
    ]
    pages["index"] = "\n".join([*index, *(room for room in pages), "```", ""])
    return pages


def _modules(room: str) -> list[str]:
    """The modules of one room that say something in public, in order."""
    file, folder = PACKAGE / f"{room}.py", PACKAGE / room
    paths = [file] if file.is_file() else sorted(folder.rglob("*.py"))
    return [_dotted(path) for path in paths if _speaks(path)]


def _speaks(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(
        line.startswith(("def ", "class ")) and not line.split()[1].startswith("_")
        for line in text.splitlines()
    )


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
