"""A claim is stated with its rule, judged by it, and never by hand."""

import csv
import re
from pathlib import Path

import pytest

from paperlens import claims
from paperlens.claims import CONTRADICTED, OPEN, SHOWN, Claim, Found, evaluate

CLAIM = Claim(
    id="a.1",
    system="a",
    claim="A beats B.",
    source="Sec. 1",
    measured="gain: dB over B, one a seed; cost: times as much",
    rule="min(gain) >= 0.1 and cost < 2; contradicted: max(gain) <= 0",
)
SYSTEMS = Path(claims.__file__).with_name("systems.csv")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    found: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: found.append(data))
    monkeypatch.setattr(claims, "claims", lambda: {"a.1": CLAIM})
    return found


@pytest.mark.parametrize(
    ("gain", "cost", "verdict"),
    [
        ([0.1, 0.3], 1.5, SHOWN),
        ([0.1, 0.3], 2.5, OPEN),
        ([0.05, 0.3], 1.5, OPEN),
        ([-0.1, 0.3], 1.5, OPEN),
        ([-0.1, 0.0], 1.5, CONTRADICTED),
        (0.2, 1, SHOWN),
    ],
)
def test_the_rule_decides(gain, cost, verdict) -> None:
    assert CLAIM.verdict({"gain": gain, "cost": cost}) == verdict


def test_other_numbers_than_the_rules_are_refused() -> None:
    with pytest.raises(ValueError, match=r"judged by \['cost', 'gain'\], found \['gain'\]"):
        CLAIM.verdict({"gain": 1.0})
    with pytest.raises(ValueError, match=r"found \['cost', 'gain', 'luck'\]"):
        CLAIM.verdict({"gain": 1.0, "cost": 1.0, "luck": 1.0})


@pytest.mark.parametrize(
    "condition",
    ["__import__('os')", "gain.real > 0", "open(gain)", "[gain][0] > 0", "'a' < 'b'", "0 < gain < 1"],
)
def test_a_rule_is_arithmetic_and_nothing_else(condition: str) -> None:
    with pytest.raises(ValueError, match="no part of a rule"):
        evaluate(condition, {"gain": 0.5})


def test_a_list_must_say_how_it_becomes_a_number() -> None:
    with pytest.raises(ValueError, match="write min, max or mean"):
        evaluate("gain > 0", {"gain": [1.0, 2.0]})
    assert evaluate("mean(gain) == 1.5 and not max(gain) > 2", {"gain": [1.0, 2.0]})
    assert evaluate("abs(ratio / 4 - 1) < 0.01 or -ratio > 0", {"ratio": 4.02})


def test_show_gives_a_table_and_data_for_the_ledger_and_returns_the_verdicts(shown) -> None:
    assert claims.show({"a.1": Found("3 seeds, a < b", {"gain": [0.2, 0.4], "cost": 1.5})}) == {"a.1": SHOWN}
    result = "gain 0.3 (0.2 to 0.4, 2 values); cost 1.5"
    assert shown[0][claims.MIME] == [
        {"id": "a.1", "ran": "3 seeds, a < b", "result": result, "verdict": SHOWN}
    ]
    assert (
        "a &lt; b" in shown[0]["text/html"] and '<span class="pl-verdict pl-shown">' in shown[0]["text/html"]
    )
    assert shown[0]["text/plain"] == f"a.1: shown. {result} (3 seeds, a < b)"
    with pytest.raises(ValueError, match=r"no claim is called 'a\.2'"):
        claims.show({"a.2": Found("", {})})


def test_a_claim_is_stated_with_its_rule(shown) -> None:
    claims.state("a.1")
    assert "Shown where min(gain) &gt;= 0.1 and cost &lt; 2; contradicted where" in shown[0]["text/html"]
    assert claims.MIME not in shown[0]


def test_every_system_has_claims_numbered_in_order() -> None:
    found: dict[str, list[int]] = {}
    for claim in claims.claims().values():
        system, _, number = claim.id.rpartition(".")
        assert system == claim.system
        found.setdefault(system, []).append(int(number))
    with SYSTEMS.open(encoding="utf-8", newline="") as table:
        systems = [row["id"] for row in csv.DictReader(table)]
    assert list(found) == ["start", *systems], "the first chapter's own claims, then those of every system"
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())


@pytest.mark.parametrize("name", claims.claims())
def test_every_rule_can_be_evaluated_and_every_claim_could_be_false(name: str) -> None:
    claim = claims.claims()[name]
    assert re.search(r"[a-z].*\.$", claim.claim) and claim.source and len(claim.claim.split()) > 5
    names = claim.units()
    verdicts = {
        claim.verdict(dict.fromkeys(names, value) | dict(zip(names, start, strict=False)))
        for value in (-1e3, -1.0, 0.0, 1.0, 1e3)
        for start in (
            (),
            (value,),
            (-1e3,),
            (0.0,),
            (1.0,),
            (1e3,),
            (1.0, -1e3),
            (1e3, 1.0),
            (1e3, 0.0),
            (0.0, 1e3),
        )
    }
    assert {SHOWN, CONTRADICTED} <= verdicts, verdicts
