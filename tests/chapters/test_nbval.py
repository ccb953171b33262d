"""Strict nbval over the committed notebooks: a stored output that the code no longer gives is caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import rested

from paperlens.site.chapters.notebooks import load, text
from paperlens.site.chapters.source import Chapter, read_all
from paperlens.site.pages.assemble import beside, commit_form
from paperlens.site.places import Places
from paperlens.site.run.execute import QUIET, execute

ROOT = Path(__file__).parent.parent.parent
PLACES = Places(ROOT)
every_chapter = pytest.mark.parametrize("chapter", read_all(PLACES), ids=lambda c: c.name)


def depends(item):
    """Each chapter by itself; the test of the test with the file."""
    chapter = item.callspec.params.get("chapter")
    sanitize = Path(__file__).parent / "sanitize.cfg"
    return chapter and rested.check("strict notebook", chapter, PLACES, Path(__file__), sanitize)


def nbval(notebook: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-cell-timeout=300",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    command += [
        f"--nbval-sanitize-with={Path(__file__).parent / 'sanitize.cfg'}",
        f"--rootdir={notebook.parent}",
    ]
    environment = os.environ | QUIET | {"PAPERLENS_PROFILE": "class"}
    return subprocess.run(
        [*command, "-c", os.devnull, str(notebook)],
        cwd=notebook.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.verify
@every_chapter
def test_the_committed_outputs_are_what_the_code_gives(chapter: Chapter) -> None:
    done = nbval(beside(chapter, PLACES))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.verify
@pytest.mark.parametrize(("old", "new"), [("mean 1.5", "mean 1.6"), ("42\n", "42.0\n")])
def test_a_corrupted_output_is_caught(tmp_path: Path, old: str, new: str) -> None:
    source = ROOT / "tests" / "site" / "fixtures" / "chapters" / "00_tiny" / "00_tiny.md"
    target = tmp_path / "chapters" / "00_tiny" / "00_tiny.md"
    target.parent.mkdir(parents=True)
    target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "book").symlink_to(ROOT / "book")
    places = Places(tmp_path)
    (chapter,) = read_all(places)
    commit_form(chapter, execute([chapter], places)[chapter.name], places)
    path = beside(chapter, places)
    assert nbval(path).returncode == 0
    notebook = load(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = output.text.replace(old, new)
    path.write_text(text(notebook), encoding="utf-8")
    done = nbval(path)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout[-3000:]
