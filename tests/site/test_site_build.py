"""What the built files hold, and that a second build does nothing twice."""

import gzip
import re
import time
from pathlib import Path

import pytest

from paperlens.site import build as building
from paperlens.site.build import build, not_found
from paperlens.site.pages import assemble
from paperlens.site.places import Places, write

ROOT = Path(__file__).parent.parent.parent
PAGE_LIMIT = 900_000  # bytes after gzip, what a page transfers


def html(site: Path) -> list[Path]:
    return [p for p in site.rglob("*.html") if "_static" not in p.parts]


def test_no_page_contains_a_traceback(site: Path) -> None:
    for page in html(site):
        text = page.read_text(encoding="utf-8")
        assert "Traceback (most recent call last)" not in text, page.name
        assert 'class="output traceback' not in text, page.name


def test_no_page_names_a_delivery_network(site: Path) -> None:
    for page in html(site):
        loaded = re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text("utf-8")
        )
        assert loaded == [], page.name


def test_no_page_is_heavy(site: Path) -> None:
    """A first visit, before its levers: the page, what it loads from the site, every picture of it, all letters."""
    fonts = set((site / "_static" / "vendor" / "fonts").iterdir())
    for page in html(site):
        text = page.read_text(encoding="utf-8")
        before_levers = re.sub(r'<figure class="pl-lever">.*?</figure>', "", text, flags=re.DOTALL)
        named = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"?#]+)', before_levers)
        found = {page, *fonts} | {
            (page.parent / name).resolve() for name in named if not name.endswith(".html")
        }
        heavy = sum(len(gzip.compress(f.read_bytes(), 6)) for f in found if f.is_file())
        assert heavy <= PAGE_LIMIT, f"{page.name} transfers {heavy} bytes; at most {PAGE_LIMIT}"


def test_nothing_that_no_page_asks_for_lies_on_the_site(site: Path) -> None:
    files = [f.relative_to(site).as_posix() for f in site.rglob("*") if f.is_file()]
    unused = [
        f for f in files if f.endswith(".map") or "fontawesome" in f or "mathjax" in f or "searchindex" in f
    ]
    assert unused == []
    css = (site / "_static" / "site.css").read_text(encoding="utf-8")
    asked = re.findall(r"""url\(["']?(?!data:|#)([^"')?#]+)""", css)
    assert [name for name in asked if not (site / "_static" / name).is_file()] == []


def test_solutions_are_folded(site: Path) -> None:
    folds = sum(p.read_text("utf-8").count("Show a solution") for p in (site / "chapters").glob("*.html"))
    assert folds > 0


def test_the_404_page_starts_at_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "404.html"
    page.write_text("<html><head></head></html>", encoding="utf-8")
    monkeypatch.setenv("PAPERLENS_BASE", "/paperlens/")
    not_found(page)
    not_found(page)
    assert page.read_text("utf-8").count('<base href="/paperlens/">') == 1


def test_what_is_equal_is_not_written_again(tmp_path: Path) -> None:
    assert write(tmp_path / "a" / "b.md", "text")
    before = (tmp_path / "a" / "b.md").stat().st_mtime_ns
    assert not write(tmp_path / "a" / "b.md", "text")
    assert (tmp_path / "a" / "b.md").stat().st_mtime_ns == before


def test_a_page_that_is_gone_leaves_the_assembled_folder(tiny: Places) -> None:
    (tiny.pages / "old").mkdir(parents=True)
    (tiny.pages / "old" / "page.md").write_text("# Old", encoding="utf-8")
    assemble.pages([], {}, tiny)
    assert (tiny.pages / "index.md").is_file() and not (tiny.pages / "old" / "page.md").exists()


@pytest.mark.verify
def test_a_second_build_runs_nothing(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("a chapter ran again")

    monkeypatch.setattr("paperlens.site.run.execute._execute", never)
    started = time.monotonic()
    build(Places(ROOT, derived=ROOT / "build" / "test"), "smoke")
    assert time.monotonic() - started < 15


@pytest.mark.verify
def test_a_sphinx_that_hangs_is_stopped(tiny: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    assemble.pages([], {}, tiny)
    monkeypatch.setattr(building, "MINUTES", 0.01)
    with pytest.raises(Exception, match="did not finish"):
        building.sphinx(tiny, "html", tiny.html)
