"""One run of the fixture chapter, then everything that may or may not make it run again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paperlens.data.files import root as data_root
from paperlens.errors import UserError
from paperlens.site.chapters.source import Chapter, read_all
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


def edited(places: Places, old: str, new: str) -> Chapter:
    text = (places.chapters / "00_tiny" / "00_tiny.md").read_text(encoding="utf-8")
    assert old in text
    other = Places(places.build / "edited")
    path = other.chapters / "00_tiny" / "00_tiny.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new), encoding="utf-8")
    return read_all(other)[0]


def test_outputs_are_kept_and_hold(ran: Places) -> None:
    kept = cache.load(read_all(ran)[0], ran, "smoke")
    assert kept is not None
    code = [c for c in kept.notebook.cells if c.cell_type == "code"]
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
    seen: set[str] = set()
    monkeypatch.setattr(cache, "digest", lambda files: str(seen.update(f.as_posix()[-30:] for f in files)))
    cache.load(read_all(ran)[0], ran, "smoke")
    assert any(name.endswith("ops/pad.py") for name in seen), "imported by the cell"
    assert any(name.endswith("data/files.py") for name in seen), "imported by paperlens.data"
    assert not any("paperlens/models" in name for name in seen), "never imported"


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
