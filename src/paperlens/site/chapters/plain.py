"""MyST to the Markdown that JupyterLab, Colab and GitHub show: directives and roles become ordinary text."""

import re
from functools import cache
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.chapters.fences import Directive, split
from paperlens.site.chapters.questions import read_prediction, read_quiz
from paperlens.site.pages.facts import contract, heading

BOXES = {"note", "tip", "hint", "important", "warning", "caution", "attention", "danger", "seealso"}
CODE = {"code", "code-block", "sourcecode"}
ROLE = re.compile(r"( ?)\{([\w:+-]+)\}(`+)([^`]+)\3")
NEAR = 160  # characters before a citation in which the same paper may be named already
TARGET = re.compile(r"^\([\w.-]+\)=\s*$", re.MULTILINE)
COMMENT = re.compile(r"^% .*$\n?", re.MULTILINE)


def plain(text: str, bibliography: Path | None = None) -> str:
    """One Markdown cell without MyST; UserError names a directive that a notebook could not show."""
    parts = []
    for part in split(text):
        if isinstance(part, Directive):
            parts.append(_directive(part, bibliography))
        else:
            parts.append(_roles(COMMENT.sub("", TARGET.sub("", part)), bibliography).strip("\n"))
    return "\n\n".join(part for part in parts if part)


def _directive(directive: Directive, bibliography: Path | None) -> str:
    name, argument, body = directive.name, directive.argument, directive.body
    if name == "quiz":
        return _roles(read_quiz(argument, body).markdown(), bibliography)
    if name == "predict":
        return _roles(read_prediction(argument, body).markdown(), bibliography)
    if name == "exercise":
        title = f"Exercise {argument} · {heading(argument)}"
        return _box(title, body.strip() or contract(argument), bibliography)
    if name == "math":
        return f"$$\n{body or argument}\n$$"
    if name in CODE:
        return f"```{argument}\n{body}\n```"
    if name == "admonition":
        return _box(argument, body, bibliography)
    if name in BOXES:
        return _box(
            f"{name.capitalize() if name != 'seealso' else 'See also'}",
            f"{argument}\n{body}".strip(),
            bibliography,
        )
    if name == "dropdown":
        return f"<details><summary>{argument}</summary>\n\n{plain(body, bibliography)}\n\n</details>"
    known = ", ".join(
        sorted({"quiz", "predict", "exercise", "math", "admonition", "dropdown", *BOXES, *CODE})
    )
    raise UserError(
        f"a notebook cannot show the directive {{{name}}}; use one of {known}, or draw it in a cell."
    )


def _box(title: str, body: str, bibliography: Path | None) -> str:
    lines = [f"**{title}**", "", *plain(body, bibliography).splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines).rstrip("\n> ")


def _roles(text: str, bibliography: Path | None) -> str:
    def shown(match: re.Match[str]) -> str:
        space, role, content = match[1], match[2], match[4]
        if role.startswith("cite"):
            before = text[max(0, match.start() - NEAR) : match.start()]
            cited = [citation(key.strip(), bibliography) for key in content.split(",")]
            new = "; ".join(one for one in cited if not _named(one, before))
            return space + new if new else ""
        if role == "math":
            return f"{space}${content}$"
        return space + re.sub(r"\s*<[^>]+>$", "", content).lstrip("~!")

    return ROLE.sub(shown, text)


def _named(cited: str, before: str) -> bool:
    """Whether the sentence names the paper of `Wang et al., 2004` by author and year already."""
    who, _, year = cited.rpartition(", ")
    return who.removesuffix(" et al.").split(" & ")[0] in before and year in before


def citation(key: str, bibliography: Path | None) -> str:
    """`Wang et al., 2004` for a key of the bibliography; UserError where the key is unknown."""
    entries = _entries(bibliography) if bibliography else {}
    if key not in entries:
        raise UserError(f"the bibliography has no entry {key!r}; add it to book/references.bib.")
    return entries[key]


@cache
def _entries(bibliography: Path) -> dict[str, str]:
    from pybtex.database import parse_file  # type: ignore[import-untyped]

    shown = {}
    for key, entry in parse_file(str(bibliography)).entries.items():
        names = [" ".join(p.last_names) for p in entry.persons.get("author", [])]
        who = names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
        shown[key] = f"{who}, {entry.fields['year']}"
    return shown
