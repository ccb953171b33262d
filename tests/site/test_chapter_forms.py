import json

import pytest
from nbformat import NotebookNode, v4

from paperlens.errors import UserError
from paperlens.site.chapters import forms
from paperlens.site.chapters.notebooks import node
from paperlens.site.chapters.source import Chapter, read_all
from paperlens.site.pages.assemble import BIBLIOGRAPHY, copies, students
from paperlens.site.places import Places


@pytest.fixture
def chapter(tiny: Places) -> Chapter:
    return read_all(tiny)[0]


def executed(chapter: Chapter) -> NotebookNode:
    """As if it had run: a picture, a text and, in one cell, a control that shows a picture."""
    notebook = forms.runnable(chapter)
    picture = v4.new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})
    state = {
        "box": {"state": {"children": ["IPY_MODEL_slider", "IPY_MODEL_output"]}},
        "slider": {"state": {"value": 2}},
        "output": {"state": {"outputs": [picture]}},
    }
    control = v4.new_output(
        "display_data", {forms.WIDGET: {"model_id": "box"}, "text/plain": "interactive()"}
    )
    code = [c for c in notebook.cells if c.cell_type == "code"]
    code[1].outputs = [picture]
    code[2].outputs = [control]
    notebook.metadata["widgets"] = node({"application/vnd.jupyter.widget-state+json": {"state": state}})
    return notebook


def test_the_student_form_holds_the_stub_and_nothing_of_the_answer(chapter: Chapter, tiny: Places) -> None:
    whole = json.dumps(forms.student(chapter, tiny.book / BIBLIOGRAPHY))
    assert "tiny.double: write your lines here" in whole
    for word in ("secret", "SOLUTION", "add it to itself"):
        assert word not in whole


def test_the_committed_form_keeps_text_and_drops_pictures(chapter: Chapter, tiny: Places) -> None:
    notebook = forms.committed(chapter, executed(chapter), tiny.book / BIBLIOGRAPHY)
    whole = json.dumps(notebook)
    assert "<Figure>" in whole and "image/png" not in whole and "widget" not in whole
    assert "SOLUTION" not in whole and "secret = value + value" in whole
    assert "{quiz}" not in whole and "Wang et al., 2004" in whole
    varying = [c for c in notebook.cells if forms.IGNORE in c.metadata.get("tags", [])]
    assert [c.source for c in varying] == ["print(object())"]


def test_a_long_output_is_refused(chapter: Chapter, tiny: Places) -> None:
    run = executed(chapter)
    run.cells[1].outputs = [v4.new_output("stream", name="stdout", text="x" * 20_001)]
    with pytest.raises(UserError, match=r"00_tiny, cell 2 prints 20001 characters; at most 20000"):
        forms.committed(chapter, run, tiny.book / BIBLIOGRAPHY)


def test_the_page_folds_solutions_and_shows_a_control_as_its_picture(chapter: Chapter) -> None:
    notebook = forms.page(chapter, executed(chapter))
    whole = json.dumps(notebook)
    assert forms.WIDGET not in whole and "widgets" not in notebook.metadata
    assert whole.count('"image/png": "AAAA"') == 2
    (folded,) = [c for c in notebook.cells if "hide-input" in c.metadata.get("tags", [])]
    assert "secret" in folded.source
    assert "NotImplementedError" in notebook.cells[notebook.cells.index(folded) - 1].source


def test_the_switch_leaves_solutions_out(chapter: Chapter) -> None:
    whole = json.dumps(forms.page(chapter, executed(chapter), hide_solutions=True))
    assert "NotImplementedError" in whole
    for word in ("secret", "SOLUTION", "add it to itself"):
        assert word not in whole


def test_a_students_copy_is_never_overwritten(chapter: Chapter, tiny: Places) -> None:
    students([chapter], tiny)
    assert copies(tiny) == ["00_tiny.ipynb"]
    mine = tiny.work / "00_tiny.ipynb"
    mine.write_text("my work", encoding="utf-8")
    assert copies(tiny) == []
    assert mine.read_text(encoding="utf-8") == "my work"
