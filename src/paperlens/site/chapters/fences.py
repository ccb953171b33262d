"""Finds MyST directives in a Markdown cell, so that notebooks can show them without MyST."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin

from paperlens.errors import UserError

MARKDOWN = MarkdownIt("commonmark").use(colon_fence_plugin)
NAMED = re.compile(r"\{([\w:.+-]+)\}[ \t]*(.*)")
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
    told = 0
    for token in MARKDOWN.parse(text):
        if token.type not in ("fence", "colon_fence") or token.level or token.map is None:
            continue
        start, end = token.map
        if end - start < 2 or set(lines[end - 1].strip()) != set(token.markup[0]):
            raise UserError(f"the fence {lines[start].strip()!r} is never closed.")
        named = NAMED.match(token.info.strip())
        if named is None:
            continue
        yield from _markdown(lines[told:start])
        yield _directive(named[1], named[2].strip(), lines[start + 1 : end - 1])
        told = end
    yield from _markdown(lines[told:])


def _markdown(lines: list[str]) -> Iterator[str]:
    if any(line.strip() for line in lines):
        yield "\n".join(lines).strip("\n")


def _directive(name: str, argument: str, inner: list[str]) -> Directive:
    options: dict[str, str] = {}
    while inner and (setting := SETTING.match(inner[0])):
        options[setting[1]] = setting[2].strip()
        inner = inner[1:]
    return Directive(name, argument, options, "\n".join(inner).strip("\n"))
