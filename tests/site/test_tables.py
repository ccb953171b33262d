import csv
from pathlib import Path

import nbformat
import pytest

from paperlens.claims import MIME
from paperlens.site.chapters.curriculum import order, rows, systems
from paperlens.site.chapters.source import read_all
from paperlens.site.pages import tables
from paperlens.site.pages.course_map import course_map
from paperlens.site.places import PACKAGE, Places


def test_every_system_has_a_chapter_of_the_plan() -> None:
    planned = order()
    assert len(planned) == len(set(planned)) == 32
    assert {system.chapter for system in systems()} <= set(planned)


def test_a_chapters_number_is_its_place_in_the_curriculum() -> None:
    course = PACKAGE.parent.parent / "chapters"
    with (course / "curriculum.csv").open(encoding="utf-8", newline="") as table:
        assert [int(row["number"]) for row in csv.DictReader(table)] == list(range(32))
    for chapter in read_all(Places(course.parent)):
        number, _, name = chapter.name.partition("_")
        assert order()[int(number)] == name


def test_a_chapter_builds_on_earlier_ones_alone() -> None:
    names = order()
    for number, row in enumerate(rows()):
        assert set(row.builds_on) <= set(names[:number]), row.chapter


def test_the_map_says_where_the_reader_is(tiny: Places) -> None:
    found = course_map(read_all(Places(PACKAGE.parent.parent)), here="swinir", up="../")
    assert found.count("<rect") == 32 and found.count("pl-here") == 1
    assert "You are at SwinIR, which builds on Swin, Metrics." in found
    assert 'href="../chapters/00_start.html"' in found and 'href="../chapters/15' not in found


def test_the_landing_page_counts_what_is_there(tiny: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "exercises", lambda: {"tiny.double": {"minutes": 7}})
    chapters = read_all(tiny)
    assert "1 exercise, 7 minutes of building" in tables.cards(chapters)
    assert "<dd>1</dd>" in tables.counts(chapters) and tables.cards(chapters).count("<a ") == 1
    assert "32 chapters are planned" in tables.course(chapters)


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "unpack its archive"), ("https://a.example/b", "git clone https://a.example/b")],
)
def test_the_repositorys_address_is_one_variable(tiny: Places, address: str, said: str) -> None:
    conf = tiny.book / "conf.py"
    text = conf.read_text("utf-8")
    assert text.count('\nrepository = ""\n') == 1
    conf.write_text(text.replace('repository = ""', f"repository = {address!r}"), "utf-8")
    assert said in tables.clone(tiny)


def test_tables_list_every_system_and_link_what_exists(tiny: Places) -> None:
    chapters = read_all(tiny)
    course, table, ledger = tables.course(chapters), tables.system_table(chapters), tables.ledger()
    for system in systems():
        assert system.system in course and system.system in table
        assert f"`{system.claims[0].id}`" in ledger
    assert "chapters/00_tiny" in tables.contents(chapters)


def test_api_pages_name_only_modules_that_are_there() -> None:
    pages = tables.api()
    assert {"ops", "exercises", "index"} <= set(pages)
    for page in pages.values():
        for line in page.splitlines():
            if line.startswith(".. automodule::"):
                inside = Path(*line.split()[-1].split(".")[1:])
                assert (PACKAGE / inside).is_dir() or (PACKAGE / inside.with_suffix(".py")).is_file()


def test_ledger_holds_what_a_chapter_displayed() -> None:
    claim = {"id": "swinir.2", "ran": "three seeds", "result": "+1.2 dB", "verdict": "shown"}
    output = nbformat.v4.new_output("display_data", data={MIME: [claim], "text/plain": "swinir.2"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", outputs=[output])])
    row = tables.ledger([notebook]).split("`swinir.2`")[1].split("* - ")[0]
    assert "three seeds: +1.2 dB" in row and "- shown" in row
    assert tables.CLAIMS == MIME
    assert "not run yet" in tables.ledger().split("`swinir.2`")[1].split("* - ")[0]
