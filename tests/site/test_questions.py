import pytest

from paperlens.errors import UserError
from paperlens.site.chapters.questions import read_prediction, read_quiz

BODY = """What is `1 < 2`?

- [ ] False
  > Read the sign again.
- [x] True
  > One is less than two,
  > in every range.
"""


def test_a_quiz_is_read_with_an_explanation_for_every_option() -> None:
    quiz = read_quiz("tiny.less", BODY)
    assert quiz.question == "What is `1 < 2`?"
    assert [option.right for option in quiz.options] == [False, True]
    assert quiz.options[1].why == "One is less than two,\nin every range."


def test_the_notebook_form_folds_each_explanation() -> None:
    shown = read_quiz("tiny.less", BODY.replace("True", "`a < b`")).markdown()
    assert shown.count("<details>") == shown.count("</details>") == 2
    assert "<summary>B. <code>a &lt; b</code></summary>\n\n**Right.**" in shown
    assert "**Not this one.** Read the sign again." in shown


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("", BODY, "needs an id"),
        ("Less", BODY, "needs an id"),
        ("tiny.less", BODY.replace("  > Read the sign again.\n", ""), "option 1 has no explanation"),
        ("tiny.less", BODY.replace("[x]", "[ ]"), "no option as right"),
        ("tiny.less", BODY.split("- [x]", maxsplit=1)[0], "has 1 options"),
        ("tiny.less", BODY.partition("\n\n")[2], "no question"),
        ("tiny.less", BODY.replace("True", ""), "option 2 has no text"),
    ],
)
def test_a_broken_quiz_is_told_in_a_sentence(name: str, body: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_quiz(name, body)


def test_a_prediction_needs_its_outcome() -> None:
    assert read_prediction("tiny.mean", "Which?\n\n> The **first**.").outcome == "The **first**."
    with pytest.raises(UserError, match=r"tiny\.mean needs a question and, below it, the outcome"):
        read_prediction("tiny.mean", "Which?")
