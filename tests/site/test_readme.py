"""README's generated part is what the sources say."""

from pathlib import Path

import pytest

from paperlens.errors import UserError
from paperlens.site.chapters.source import read_all
from paperlens.site.pages import readme
from paperlens.site.places import Places

ROOT = Path(__file__).parents[2]


def test_table_of_systems_is_current() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.refreshed(text, read_all(Places(ROOT))) == text, "run: paperlens book readme"


def test_a_missing_marker_is_told() -> None:
    with pytest.raises(UserError, match="systems: begin"):
        readme.refreshed("no markers", [])
