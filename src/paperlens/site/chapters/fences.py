"""Finds MyST directives in a Markdown cell, so that notebooks can show them without MyST."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from paperlens.errors import UserError

OPEN = re.compile(r"^ {0,3}(`{3,}|~{3,}|:{3,})(?:\{([\w:.+-]+)\})?[ \t]*(.*)$")
SETTING = re.compile(r"^:([\w-]+):[ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Directive:
    """One fenced directive: ```{name} argument, `:key: value` lines, body."""

    name: str
    argument: str
    options: dict[str, str]
    body: str


def split(text: str) -> Iterator[str | Directive]:
    """The cell as stretches of Markdown (plain code fences included) and directives, in order.

    Raises UserError where a directive's fence is never closed.
    """
    lines = text.splitlines()
    plain: list[str] = []
    i = 0
    while i < len(lines):
        opened = OPEN.match(lines[i])
        if not opened or (opened[1][0] == ":" and not opened[2]):
            plain.append(lines[i])
            i += 1
            continue
        fence, name, argument = opened.groups()
        close = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
        end = next((j for j in range(i + 1, len(lines)) if close.match(lines[j])), None)
        if end is None:
            raise UserError(f"the fence {lines[i].strip()!r} is never closed.")
        if name is None:
            plain += lines[i : end + 1]
        else:
            if any(line.strip() for line in plain):
                yield "\n".join(plain).strip("\n")
            plain = []
            yield _directive(name, argument.strip(), lines[i + 1 : end])
        i = end + 1
    if any(line.strip() for line in plain):
        yield "\n".join(plain).strip("\n")


def _directive(name: str, argument: str, inner: list[str]) -> Directive:
    options: dict[str, str] = {}
    while inner and (setting := SETTING.match(inner[0])):
        options[setting[1]] = setting[2].strip()
        inner = inner[1:]
    return Directive(name, argument, options, "\n".join(inner).strip("\n"))
