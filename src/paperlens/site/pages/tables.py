"""The generated parts of the book: contents, the map of systems, the ledger of claims, the API pages."""

import ast
from collections.abc import Iterable
from html import escape
from pathlib import Path

from nbformat import NotebookNode

from paperlens.site.chapters.curriculum import System, order, parts, systems
from paperlens.site.chapters.forms import CLAIMS
from paperlens.site.chapters.source import Chapter
from paperlens.site.pages.facts import exercises, models
from paperlens.site.places import PACKAGE, Places

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
    by_name = {short(c): c for c in chapters}
    known = set(order())
    trees = [(title, [by_name[name] for name in part if name in by_name]) for title, part in parts().items()]
    trees.append(("More", [chapter for name, chapter in by_name.items() if name not in known]))
    blocks = [_toctree(title, [_numbered(chapter) for chapter in some]) for title, some in trees if some]
    back = ["map", "ledger", "fidelity", "data", "glossary", "bibliography"]
    back += ["teachers", "security", "grading_speed", "instructor", "api/index"]
    first = _toctree("Begin", ["start"])
    return "\n\n".join([first, *blocks, _toctree("Back of the book", back)]) + "\n"


def _numbered(chapter: Chapter) -> str:
    """A chapter's entry of the sidebar: its number, its title, its page."""
    return f"{chapter.name.partition('_')[0]} {chapter.title} <chapters/{chapter.name}>"


def _toctree(caption: str, pages: list[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"])


def counts(chapters: list[Chapter]) -> str:
    """The landing page's line of numbers, counted from the sources: what is there today."""
    rows = [
        (len(chapters), "chapters to study today"),
        (sum(len(chapter.exercises) for chapter in chapters), "exercises in them, with instant feedback"),
        (len(models()), "models checked against the authors' numbers"),
        (len(order()), "chapters when the course is whole"),
    ]
    items = "".join(f"<div><dt>{label}</dt><dd>{number}</dd></div>" for number, label in rows if number)
    return f"```{{raw}} html\n<dl class='pl-counts'>{items}</dl>\n```\n"


def cards(chapters: list[Chapter]) -> str:
    """A card for each chapter that exists; `static/paperlens.js` adds how far the reader came."""
    found = []
    for chapter in chapters:
        minutes = sum(exercises()[name]["minutes"] for name in chapter.exercises)
        count = len(chapter.exercises)
        told = (
            f"{count} exercise{'s' * (count != 1)}, {minutes} minutes of building"
            if count
            else "no exercises"
        )
        systems_here = ", ".join(s.system for s in systems() if s.chapter == short(chapter))
        found.append(
            f'<a class="pl-card" href="chapters/{chapter.name}.html" data-chapter="{chapter.name}">'
            f'<span class="pl-number">{chapter.name.partition("_")[0]}</span><strong>{escape(chapter.title)}</strong>'
            f"<span>{escape(systems_here)}</span><small>{told}</small>"
            '<small class="pl-progress"></small></a>'
        )
    return '```{raw} html\n<div class="pl-cards pl-chapters">' + "".join(found) + "</div>\n```\n"


def course(chapters: list[Chapter]) -> str:
    """The chapters that are planned, folded, by part with their systems."""
    written = {short(c) for c in chapters}
    rows = systems()
    blocks = []
    for title, part in parts().items():
        items = []
        for name, planned in part.items():
            if name not in written:
                named = ", ".join(s.system for s in rows if s.chapter == name)
                items.append(
                    f"<li>{order().index(name):02d} {escape(planned)}{escape(f': {named}') if named else ''}</li>"
                )
        if items:
            blocks.append(f"<p><strong>{escape(title)}</strong></p><ul>{''.join(items)}</ul>")
    if not blocks:
        return "All chapters are written.\n"
    count = len(set(order()) - written)
    fold = f"<details class='pl-planned'><summary>{count} chapters are planned</summary>{''.join(blocks)}</details>"
    return f"```{{raw}} html\n{fold}\n```\n"


def clone(places: Places) -> str:
    """How to get the course: by the address in conf.py, or a sentence where none is set."""
    tree = ast.parse((places.book / "conf.py").read_text(encoding="utf-8"))
    found = [
        ast.literal_eval(line.value)
        for line in tree.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "repository"
    ]
    if not found or not found[0]:
        return "Clone the course's repository, or unpack its archive, and open a terminal in its folder.\n"
    return f"```sh\ngit clone {found[0]} paperlens\ncd paperlens\n```\n"


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
            code = f"[`{entry['module'].partition('.')[2]}`](/api/m/{entry['module'].partition('.')[2]}.md)"
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
    """API page name -> text: one page a module, listed by a page for each room."""
    pages, rooms = {}, []
    for room, line in ROOMS.items():
        modules = [
            name for name in _modules(room) if not any(part.startswith("_") for part in name.split("."))
        ]
        if not modules:
            continue
        rooms.append(room)
        names = [f"{name.partition('.')[2]} <m/{name.partition('.')[2]}>" for name in modules]
        pages[room] = "\n".join([f"# {room}", "", f"{line}.", "", "```{toctree}", "", *names, "```", ""])
        for name in modules:
            lines = [f"# {name.partition('.')[2]}", "", "```{eval-rst}", f".. automodule:: {name}"]
            lines += ["   :members:", "   :member-order: bysource", "```", ""]
            pages[f"m/{name.partition('.')[2]}"] = "\n".join(lines)
    index = ["# API", "", "What the package offers to a reader who comes for the code alone.", ""]
    pages["index"] = "\n".join([*index, "```{toctree}", ":titlesonly:", "", *rooms, "```", ""])
    return pages


def _modules(room: str) -> list[str]:
    """The modules of one room that say something in public, in order; the exercises' own files hold their answers."""
    file, folder = PACKAGE / f"{room}.py", PACKAGE / room
    paths = [file] if file.is_file() else sorted(folder.rglob("*.py"))
    return [_dotted(path) for path in paths if "bank" not in path.parts and _speaks(path)]


def _speaks(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(
        line.startswith(("def ", "class ")) and not line.split()[1].startswith("_")
        for line in text.splitlines()
    )


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
