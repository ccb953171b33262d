"""The book's Sphinx extension: `{quiz}`, `{predict}`, `{exercise}`, and docstrings shown as written."""

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from paperlens.errors import UserError
from paperlens.site.chapters.questions import read_prediction, read_quiz
from paperlens.site.pages.facts import contract, heading
from paperlens.site.run.keys import digest

LOG = logging.getLogger(__name__)


class Tag(nodes.General, nodes.Element):  # type: ignore[misc]
    """An HTML element with attributes around its children; what docutils has no node for."""


def visit_tag(self: Any, node: Tag) -> None:
    """Open the element."""
    self.body.append(
        self.starttag(node, node["tag"], "\n" if node["tag"] in BLOCKS else "", **node["attributes"])
    )


def depart_tag(self: Any, node: Tag) -> None:
    """Close the element."""
    self.body.append(f"</{node['tag']}>")


BLOCKS = {"div", "details", "fieldset"}


def tag(name: str, classes: str, *children: nodes.Node, **attributes: Any) -> Tag:
    """One element; docutils writes the class, so that ids and classes are escaped once."""
    element: Tag = Tag(tag=name, attributes=attributes, classes=classes.split())
    element += list(children)
    return element


class Box(SphinxDirective):
    """What the boxes share: an argument, Markdown inside, a warning that says where the text is wrong."""

    has_content = True
    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """The box, or a warning that says what is wrong."""
        try:
            return [self.box((self.arguments or [""])[0], "\n".join(self.content))]
        except UserError as error:
            LOG.warning(str(error), location=self.get_location())
            return []

    def box(self, argument: str, body: str) -> nodes.Node:
        """The node of one box."""
        raise NotImplementedError

    def markdown(self, text: str) -> list[nodes.Node]:
        """Nested Markdown as nodes."""
        return list(self.parse_text_to_nodes(text))

    def inline(self, text: str) -> list[nodes.Node]:
        """One line of Markdown without its paragraph, fit for a `summary`."""
        return [child for block in self.markdown(text) for child in block.children]


class QuizBox(Box):
    """One question: folds that work without JavaScript, a form with radio buttons where there is some."""

    def box(self, argument: str, body: str) -> nodes.Node:
        """The question and its options, each with its explanation."""
        quiz = read_quiz(argument, body)
        options = [
            tag(
                "details",
                "pl-option",
                tag("summary", "pl-choice", *self.inline(option.text)),
                tag(
                    "div",
                    "pl-why",
                    nodes.paragraph(
                        "",
                        "",
                        nodes.strong("", "Right." if option.right else "Not this one."),
                        classes=["pl-verdict"],
                    ),
                    *self.markdown(option.why),
                ),
                **{"data-right": str(option.right).lower()},
            )
            for option in quiz.options
        ]
        question = tag("div", "pl-question", *self.markdown(quiz.question))
        return tag(
            "div", "pl-quiz", question, *options, ids=[anchor("quiz", quiz.id)], **{"data-quiz": quiz.id}
        )


class PredictBox(Box):
    """A guess to write down before the outcome is opened."""

    def box(self, argument: str, body: str) -> nodes.Node:
        """The question and the folded outcome."""
        said = read_prediction(argument, body)
        fold = tag(
            "details",
            "pl-outcome",
            tag("summary", "", nodes.Text("What happens")),
            *self.markdown(said.outcome),
        )
        title = nodes.paragraph("", "", nodes.strong("", "Predict first"), classes=["pl-label"])
        question = tag("div", "pl-question", title, *self.markdown(said.question))
        return tag(
            "div", "pl-predict", question, fold, ids=[anchor("predict", said.id)], **{"data-predict": said.id}
        )


class ExerciseBox(Box):
    """An exercise's text; difficulty, importance, minutes and the text of an empty box are its own."""

    def box(self, argument: str, body: str) -> nodes.Node:
        """The heading line and the text."""
        title = nodes.paragraph(
            "", "", nodes.strong("", "Exercise "), nodes.literal("", argument), classes=["pl-label"]
        )
        facts = nodes.paragraph("", heading(argument), classes=["pl-facts"])
        body = body.strip() or contract(argument)
        return tag(
            "div", "pl-exercise", title, facts, *self.markdown(body), ids=[anchor("exercise", argument)]
        )


class Division(Box):
    """`{div} classes`: Markdown with a class of its own, for the landing page."""

    def box(self, argument: str, body: str) -> nodes.Node:
        """The contents in one `div`."""
        return tag("div", argument, *self.markdown(body))


def anchor(kind: str, name: str) -> str:
    """The id of a box on its page."""
    return str(nodes.make_id(f"{kind}-{name}"))


def as_written(*arguments: Any) -> None:
    """Docstrings are text for the terminal: the summary as a sentence, the rest with its columns kept."""
    lines: list[str] = arguments[-1]  # Sphinx hands app, what, name, object and options before them
    text = list(lines)
    while text and not text[-1].strip():
        text.pop()
    if not text:
        return
    end = next((i for i, line in enumerate(text) if not line.strip()), len(text))
    summary = " ".join(line.strip() for line in text[:end])
    parts = summary.split("`")  # every second one stood between backticks
    parts[::2] = ["".join("\\" + c if c in "\\*|_" else c for c in part) for part in parts[::2]]
    summary = "``".join(parts)
    rest = text[end:]
    while rest and not rest[0].strip():
        rest.pop(0)
    lines[:] = [summary, ""]
    if rest:
        lines += [".. code-block:: text", "", *(f"   {line}" for line in rest), ""]


def no_index(app: Sphinx) -> None:
    """Sphinx writes no index for its own search: the finished pages are indexed by Pagefind."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def no_empty_heads(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Markdown has no table without a head row; one without words goes."""
    for head in list(tree.findall(nodes.thead)):
        if not head.astext().strip():
            head.parent.remove(head)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the boxes; they hold no state, so that reading and writing may run side by side."""
    # Sphinx writes a page anew where its text changed; with another look, all of them.
    templates = sorted((Path(app.confdir) / "templates").glob("*.html"))
    app.add_config_value("look", digest([Path(__file__), *templates]), "html", [str])
    app.add_node(Tag, html=(visit_tag, depart_tag))
    app.add_directive("quiz", QuizBox)
    app.add_directive("predict", PredictBox)
    app.add_directive("exercise", ExerciseBox)
    app.add_directive("div", Division)
    app.connect("autodoc-process-docstring", as_written)
    app.connect("builder-inited", no_index)
    app.connect("doctree-resolved", no_empty_heads)
    # The TeX stays between its brackets until `formulas.py` sets it.
    app.add_html_math_renderer("mathml", (html_visit_math, None), (html_visit_displaymath, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
