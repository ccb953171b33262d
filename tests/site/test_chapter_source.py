from pathlib import Path

import pytest

from paperlens.errors import UserError
from paperlens.site.chapters.source import read, read_all
from paperlens.site.places import Places


def edit(places: Places, old: str, new: str) -> Path:
    path = places.chapters / "00_tiny" / "00_tiny.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_a_chapter_is_read(tiny: Places) -> None:
    (chapter,) = read_all(tiny)
    assert (chapter.name, chapter.title, chapter.exercises) == ("00_tiny", "A tiny chapter", ["tiny.double"])
    assert [c.name for c in read_all(tiny, ["tiny"])] == ["00_tiny"]


def test_cell_ids_survive_an_edit_elsewhere(tiny: Places) -> None:
    before = {c.source: c.id for c in read_all(tiny)[0].notebook.cells}
    edit(tiny, "Enough of every form", "More than enough of every form")
    after = {c.source: c.id for c in read_all(tiny)[0].notebook.cells}
    assert sum(after.get(source) == name for source, name in before.items()) == len(before) - 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{predict} tiny.mean", "{predict} tiny.range", "predict tiny.range stands in cell 1 already"),
        (
            "paperlens: {exercise: tiny.double}",
            "paperlens: {answer: tiny.double}",
            "it may hold exercise and varies only",
        ),
        ("---\npaperlens: {exercise: tiny.double}\n---\n", "", "needs cell metadata"),
        ("    ### END SOLUTION\n", "", "needs ### BEGIN SOLUTION and ### END SOLUTION"),
        ("varies: the address of an object", "varies: true", "needs its reason"),
        ("  > The largest byte becomes one.\n", "", "quiz tiny.range, option 2 has no explanation"),
    ],
)
def test_a_mistake_names_chapter_and_cell(tiny: Places, old: str, new: str, said: str) -> None:
    with pytest.raises(UserError, match=rf"00_tiny, cell \d+: .*{said}"):
        read(edit(tiny, old, new))


def test_what_is_no_notebook_is_told(tiny: Places) -> None:
    with pytest.raises(UserError, match="00_tiny is not a MyST notebook"):
        read(edit(tiny, "jupytext:\n", "jupytext: [\n"))


def test_an_unknown_chapter_is_told(tiny: Places) -> None:
    with pytest.raises(UserError, match="no chapter is called 'huge'; there are 00_tiny"):
        read_all(tiny, ["huge"])


def test_two_chapters_share_no_question(tiny: Places) -> None:
    text = (tiny.chapters / "00_tiny" / "00_tiny.md").read_text(encoding="utf-8")
    (tiny.chapters / "01_other").mkdir()
    (tiny.chapters / "01_other" / "01_other.md").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"01_other and 00_tiny both hold a question tiny\."):
        read_all(tiny)
