"""A chapter's verdicts reach the reader as a table and the ledger as data."""

import pytest

from paperlens import claims


def test_show_gives_a_table_and_data_and_escapes_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(claims, "publish", lambda data, raw: shown.append(data))
    claims.show([claims.Claim(id="swinir.1", ran="3 seeds", result="a < b", verdict="shown")])
    (data,) = shown
    assert data[claims.MIME] == [{"id": "swinir.1", "ran": "3 seeds", "result": "a < b", "verdict": "shown"}]
    assert "a &lt; b" in data["text/html"]
    assert data["text/plain"] == "swinir.1: shown. a < b (3 seeds)"
