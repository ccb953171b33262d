"""The differences that the book prints are those of the present code."""

import json

import pytest
import record

from paperlens.models import published

RECORDED = json.loads(record.RESULTS.read_text("utf-8"))
LIGHT = sorted(n for n in published.goldens() if n not in published.entry_of(n).heavy)


def test_entries_belong_to_goldens_and_lie_below_their_tolerance():
    assert set(RECORDED) == set(published.goldens()), "run: python tests/fidelity/record.py"
    for name, entry in RECORDED.items():
        assert entry["dtype"] == ("float32" if name in published.entry_of(name).float32 else "float64")
        assert 0 < entry["difference"] < (1e-4 if entry["dtype"] == "float32" else 1e-8), name


@pytest.mark.parametrize("name", LIGHT)
def test_the_recorded_difference_is_the_present_one(name):
    found, recorded = record.difference(name), RECORDED[name]["difference"]
    assert recorded / 10 < found < recorded * 10, "run: python tests/fidelity/record.py " + name
