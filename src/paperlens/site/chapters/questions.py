"""Quizzes and predictions: the text between the fences, read once for the page and once for the notebook.

```{quiz} start.range                     ```{predict} start.noise
What range does `to_tensor` give?         Which picture has the higher PSNR?

- [ ] 0 to 255                            > The blurred one: ...
  > That is what the file stores.         ```
- [x] 0 to 1
  > Right: the largest byte becomes one.
```
"""

import re
import textwrap
from dataclasses import dataclass

from paperlens.errors import UserError

ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
OPTION = re.compile(r"^- \[([ xX])\] +(.*)$")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a question, in Markdown, and why it is right or wrong."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Quiz:
    """One question; every option carries its own explanation."""

    id: str
    question: str
    options: tuple[Option, ...]

    def markdown(self) -> str:
        """The form of a notebook: the question, then a fold per option: whether it holds, and why."""
        folds = [
            f"<details><summary>{letter}. {plain_summary(option.text)}</summary>\n\n"
            f"**{'Right.' if option.right else 'Not this one.'}** {option.why}\n\n</details>"
            for letter, option in zip("ABCDEFGH", self.options, strict=False)
        ]
        return "\n\n".join(
            [f"**Question.** {self.question}", "*Choose first, then open your choice.*", *folds]
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """A guess to commit before the run, and what happens."""

    id: str
    question: str
    outcome: str

    def markdown(self) -> str:
        """The form of a notebook: the question and a fold with the outcome."""
        return "\n\n".join(
            [
                f"**Predict.** {self.question}",
                "*Write your guess down, run the next cells, then open:*",
                f"<details><summary>What happens</summary>\n\n{self.outcome}\n\n</details>",
            ]
        )


def plain_summary(text: str) -> str:
    """Inline Markdown code as HTML, because Markdown is not read inside a `summary`."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)


def _name(kind: str, argument: str) -> str:
    if not ID.fullmatch(argument):
        found = repr(argument) if argument else "nothing"
        raise UserError(
            f"a {{{kind}}} needs an id such as start.range (chapter.name, lower case), found {found}."
        )
    return argument


def _quoted(block: str) -> tuple[str, str]:
    """The text before the first quoted line, and the quoted text."""
    lines = block.splitlines()
    first = next((i for i, line in enumerate(lines) if line.lstrip().startswith(">")), len(lines))
    quoted = [re.sub(r"^\s*> ?", "", line) for line in lines[first:]]
    return textwrap.dedent("\n".join(lines[:first])).strip(), "\n".join(quoted).strip()


def read_quiz(argument: str, body: str) -> Quiz:
    """Read the text of one `{quiz}`; UserError names the id and what is missing."""
    name = _name("quiz", argument.strip())
    lines = body.splitlines()
    starts = [i for i, line in enumerate(lines) if OPTION.match(line)]
    if len(starts) < 2:
        raise UserError(
            f"quiz {name} has {len(starts)} options ('- [ ] text' or '- [x] text'); it needs two at least."
        )
    question = "\n".join(lines[: starts[0]]).strip()
    if not question:
        raise UserError(f"quiz {name} has no question above its options.")
    options = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True), 1):
        mark, first = OPTION.match(lines[start]).groups()  # type: ignore[union-attr]
        text, why = _quoted("\n".join([first, *lines[start + 1 : end]]))
        text = " ".join(text.split())
        if not text or not why:
            missing = "explanation (a line '  > ...' below it)" if text else "text"
            raise UserError(f"quiz {name}, option {number} has no {missing}.")
        options.append(Option(text, mark != " ", why))
    if not any(option.right for option in options):
        raise UserError(f"quiz {name} marks no option as right; write '- [x]' before it.")
    return Quiz(name, question, tuple(options))


def read_prediction(argument: str, body: str) -> Prediction:
    """Read the text of one `{predict}`; UserError names the id and what is missing."""
    name = _name("predict", argument.strip())
    question, outcome = _quoted(body)
    if not question or not outcome:
        raise UserError(
            f"predict {name} needs a question and, below it, the outcome as quoted lines ('> ...')."
        )
    return Prediction(name, question, outcome)
