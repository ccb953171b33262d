"""The import graph sees what code can load: through exports, relative imports and functions."""

import pytest

from paperlens import importgraph
from paperlens.importgraph import Import, imports, reach
from paperlens.lazy import exports

SOURCES = {
    "__init__": "",
    "alone": "import os\n",
    "low": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import paperlens.alone\nelse:\n    import numpy\n",
    "room/__init__": 'EXPORTS = {"build": "paperlens.room.builder", "other": "paperlens.room.other"}\n',
    "room/builder": "from .. import low\nCATALOGUE = {'alone': 'paperlens.alone'}\n",
    "room/other": "def later():\n    import paperlens.alone\n    import torch.nn\n",
    "top": "from paperlens.room import build\n",
    "whole": "from paperlens import room\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in SOURCES.items():
        file = tmp_path / "paperlens" / f"{name}.py"
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    monkeypatch.setattr(importgraph, "PACKAGE", tmp_path / "paperlens")
    return tmp_path / "paperlens"


def short(found):
    return {name.removeprefix("paperlens").lstrip(".") for name in found.modules}


def test_an_exported_name_leads_to_its_module_alone(package):
    found = reach(["paperlens.top"])
    assert short(found) == {"", "top", "room", "room.builder", "low"}
    assert found.packages == {"numpy"}


def test_a_whole_package_stands_for_all_it_exports(package):
    found = reach(["paperlens.whole"])
    assert short(found) == {"", "whole", "room", "room.builder", "room.other", "low", "alone"}
    assert found.packages == {"numpy", "torch"}
    assert short(reach([Import("paperlens.room", "other")])) == {"", "room", "room.other", "alone"}


def test_what_is_left_out_takes_along_what_only_it_leads_to(package):
    assert short(reach(["paperlens.top"], without=["paperlens.room.builder"])) == {"", "top", "room"}


def test_the_digest_follows_an_edit(package):
    before = reach(["paperlens.top"]).digest()
    (package / "alone.py").write_text("import os, sys\n")
    assert reach(["paperlens.top"]).digest() == before
    (package / "low.py").write_text("import paperlens.alone\n")
    assert reach(["paperlens.top"]).digest() != before
    assert "paperlens.alone" in reach(["paperlens.top"]).modules


def test_a_new_row_of_a_table_changes_no_digest(package):
    before = reach(["paperlens.top"]).digest()
    table = package / "room/__init__.py"
    table.write_text(
        'EXPORTS = {\n    "build": "paperlens.room.builder",\n    "whole": "paperlens.whole",\n}\n'
    )
    assert reach(["paperlens.top"]).digest() == before
    table.write_text(table.read_text() + "FOUND = 1\n")
    assert reach(["paperlens.top"]).digest() != before


def test_relative_imports_are_resolved():
    text = "from . import a\nfrom .b import c\nfrom .. import d\nimport e.f as g\n"
    assert imports(text, "paperlens.room") == {
        Import("paperlens.room", "a"),
        Import("paperlens.room.b", "c"),
        Import("paperlens", "d"),
        Import("e.f"),
    }


def test_names_and_files_are_each_others_inverse():
    for name in ("paperlens", "paperlens.ops", "paperlens.ops.windows"):
        assert importgraph.module_name(importgraph.module_file(name)) == name
    assert importgraph.module_file("paperlens.ops.windows.partition") is None
    assert importgraph.module_file("torch.nn") is None


def test_a_lazy_name_is_imported_on_first_use_and_a_wrong_one_told():
    get, listed = exports("paperlens.ops", {"to_windows": "paperlens.ops.windows"})
    assert get("to_windows").__module__ == "paperlens.ops.windows"
    assert "to_windows" in listed()
    with pytest.raises(AttributeError, match="no attribute 'to_window'"):
        get("to_window")
