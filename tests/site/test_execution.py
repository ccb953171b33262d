"""One run of the fixture chapter, then everything that may or may not make it run again."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperlens.data.files import root as data_root
from paperlens.errors import UserError
from paperlens.importgraph import PACKAGE
from paperlens.site.chapters.notebooks import load as load_notebook
from paperlens.site.chapters.source import Chapter, read_all
from paperlens.site.pages.assemble import beside
from paperlens.site.places import Places
from paperlens.site.run import cache, execute, keys
from paperlens.site.run.execute import execute as run_chapters

FIXTURES = Path(__file__).parent / "fixtures"
READS = """
```{code-cell} ipython3
from paperlens.data import path
from paperlens.ops import pad

with path("photographs/photographs.json").open() as card:
    print(len(card.read()) > 0)
```
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """The fixture chapter, with a cell that reads a shipped file, executed once."""
    root = tmp_path_factory.mktemp("ran")
    shutil.copytree(FIXTURES / "chapters", root / "chapters")
    source = root / "chapters" / "00_tiny" / "00_tiny.md"
    source.write_text(source.read_text(encoding="utf-8") + READS, encoding="utf-8")
    places = Places(root)
    run_chapters(read_all(places), places, "smoke")
    yield places


def names(files: set[Path]) -> set[str]:
    return {file.relative_to(PACKAGE).as_posix() for file in files}


def kept(places: Places) -> dict[str, list[str]]:
    (note,) = cache.folder(places, "smoke").glob("*.json")
    return dict(json.loads(note.read_text(encoding="utf-8")))


def edited(places: Places, old: str, new: str) -> Chapter:
    text = (places.chapters / "00_tiny" / "00_tiny.md").read_text(encoding="utf-8")
    assert old in text
    other = Places(places.build / "edited")
    path = other.chapters / "00_tiny" / "00_tiny.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new), encoding="utf-8")
    return read_all(other)[0]


def test_outputs_are_kept_and_hold(ran: Places) -> None:
    held = cache.load(read_all(ran)[0], ran, "smoke")
    assert held is not None
    code = [c for c in held.notebook.cells if c.cell_type == "code"]
    assert code[0].outputs[0].text == "mean 1.5\n"
    assert "image/png" in code[1].outputs[0].data


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("Enough of every form", "Prose", True),
        ("> It is **1.5**", "> One and a half", True),
        ("numbers.mean()", "numbers.sum()", False),
        ("secret = value + value", "secret = 2 * value", False),
    ],
    ids=["prose", "prediction", "code", "solution"],
)
def test_only_code_makes_it_run_again(ran: Places, old: str, new: str, holds: bool) -> None:
    assert (cache.load(edited(ran, old, new), ran, "smoke") is not None) == holds


def test_another_profile_is_another_run(ran: Places) -> None:
    assert cache.load(read_all(ran)[0], ran, "class") is None


def test_the_files_it_read_make_it_run_again(
    ran: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "photographs" / "photographs.json"
    card.parent.mkdir()
    shutil.copy(data_root() / "photographs" / "photographs.json", card)
    monkeypatch.setattr(cache, "data_root", lambda: tmp_path)
    assert cache.load(read_all(ran)[0], ran, "smoke") is not None
    card.write_text("{}", encoding="utf-8")
    assert cache.load(read_all(ran)[0], ran, "smoke") is None


def test_the_modules_it_imports_make_it_run_again(ran: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = names(cache.files(read_all(ran)[0], kept(ran)["modules"]))
    assert "ops/pad.py" in seen, "imported by the cell"
    assert "data/files.py" in seen, "exported by paperlens.data"
    assert not any(name.startswith(("models/", "exercises/bank/metrics", "data/phantom")) for name in seen)


def test_what_a_catalogue_gave_makes_it_run_again_and_nothing_else_of_it(tmp_path: Path) -> None:
    """A chapter that builds MINet by name rests on minet.py; an edit of it runs no other chapter again."""
    root = tmp_path / "chapters" / "00_tiny"
    root.mkdir(parents=True)
    head, _, _ = (
        (FIXTURES / "chapters/00_tiny/00_tiny.md").read_text(encoding="utf-8").partition("# A tiny chapter")
    )
    cells = [
        "# Short",
        '```{code-cell} ipython3\nfrom paperlens.models import build\n\n_ = build("minet", "tiny")\n```',
        '```{code-cell} ipython3\nfrom paperlens.exercises import check\n\n_ = check("metrics.psnr", len)\n```',
    ]
    (root / "00_tiny.md").write_text(head + "\n\n".join(cells), encoding="utf-8")
    places = Places(tmp_path)
    run_chapters(read_all(places), places, "smoke")
    seen = names(cache.files(read_all(places)[0], kept(places)["modules"]))
    assert {name for name in seen if name.startswith("models/mri/")} == {
        "models/mri/minet.py",
        "models/mri/__init__.py",
    }
    assert "exercises/bank/metrics/psnr.py" in seen and "exercises/bank/metrics/ssim.py" not in seen
    assert not any(
        name.startswith(("models/restoration/swin", "recipes/", "classroom/", "site/pages/")) for name in seen
    )


COURSE = Places(FIXTURES.parent.parent.parent)


@pytest.mark.parametrize("chapter", read_all(COURSE), ids=lambda c: c.name)
def test_an_edit_runs_only_the_chapters_that_it_touches(chapter: Chapter) -> None:
    """No written chapter builds MINet; an exercise belongs to the chapter that asks for it."""
    modules = load_notebook(beside(chapter, COURSE)).metadata["paperlens"]["modules"]
    seen = names(cache.files(chapter, modules))
    assert len(seen) < 134, "what a chapter rested on when every catalogue was imported whole"
    assert "models/mri/minet.py" not in seen
    bank = {name for name in seen if name.startswith("exercises/bank/") and not name.endswith("__init__.py")}
    own = {f"exercises/bank/{exercise.replace('.', '/')}.py" for exercise in chapter.exercises}
    assert own <= bank
    assert {name.split("/")[2] for name in bank} <= {name.split("/")[2] for name in own}, (
        "another chapter's exercises"
    )


def test_a_package_that_changes_version_makes_it_run_again(
    ran: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = keys.versions(["matplotlib", "numpy"])
    assert {"matplotlib", "numpy", "pillow"} <= set(found) and "torch" not in found
    monkeypatch.setattr(cache, "versions", lambda _: found | {"numpy": "0.0"})
    assert cache.load(read_all(ran)[0], ran, "smoke") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", r"00_tiny, cell 3 \('1 / 0'\) stopped with ZeroDivisionError: division by zero"),
        ("import time; time.sleep(60)", r"cell 3 .* ran past its limit of 2 s"),
        ("import os; os._exit(1)", r"cell 3 .* ended its kernel"),
    ],
    ids=["error", "time", "death"],
)
def test_a_chapter_that_stops_is_told_in_a_sentence(
    tiny: Places, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    monkeypatch.setattr(execute, "SMOKE_SECONDS", 2)
    source = tiny.chapters / "00_tiny" / "00_tiny.md"
    head, _, _ = source.read_text(encoding="utf-8").partition("# A tiny chapter")
    cells = ["# Short", "```{code-cell} ipython3\nprint(1)\n```", f"```{{code-cell}} ipython3\n{code}\n```"]
    source.write_text(head + "\n\n".join(cells), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        run_chapters(read_all(tiny), tiny, "smoke")
    assert not list(tiny.build.rglob("*.ipynb")), "a run that stopped keeps nothing"
