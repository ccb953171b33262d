import os
import shutil
from pathlib import Path

import people
import pytest

from paperlens import cli

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session", autouse=True)
def fixture_chapters():
    """Chapters come from the fixtures, so that the course's own may change."""
    before = os.environ.get("PAPERLENS_ROOT")
    os.environ["PAPERLENS_ROOT"] = str(FIXTURES)
    yield
    if before is None:
        del os.environ["PAPERLENS_ROOT"]
    else:
        os.environ["PAPERLENS_ROOT"] = before


@pytest.fixture(scope="session")
def empty_course(tmp_path_factory) -> Path:
    """A course with one released chapter, made once and copied."""
    root = tmp_path_factory.mktemp("class") / "course"
    assert cli.main(["class", "new", str(root)]) == 0
    assert cli.main(["class", "release", str(root), "scores"]) == 0
    return root


@pytest.fixture
def course(empty_course, tmp_path) -> Path:

    root = tmp_path / "course"
    shutil.copytree(empty_course, root)
    return root


@pytest.fixture
def notebook(empty_course):
    return people.released(empty_course)
