"""The one accessor: it finds what ships, says so when there is nothing, and does not leave its folder."""

import pytest

from paperlens.data import path
from paperlens.errors import UserError


def test_a_shipped_file_is_found():
    assert path("photographs/photographs.json").is_file()
    assert path("photographs").is_dir()


@pytest.mark.parametrize("name", ["no such thing", "../pyproject.toml", "photographs/../../README.md"])
def test_anything_else_is_one_sentence(name):
    with pytest.raises(UserError, match="no shipped file"):
        path(name)
