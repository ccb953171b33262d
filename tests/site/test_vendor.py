import json
import os
import subprocess
from pathlib import Path

import pytest

from paperlens.errors import UserError
from paperlens.site.pages import vendor
from paperlens.site.places import Places

BOOK = Path(__file__).parent.parent.parent / "book"


def test_the_lock_file_holds_on_any_registry() -> None:
    lock = json.loads((BOOK / "package-lock.json").read_text(encoding="utf-8"))
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
    assert "omit-lockfile-registry-resolved=true" in (BOOK / ".npmrc").read_text(encoding="utf-8")
    named = json.loads((BOOK / "package.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == named["dependencies"]
    assert all(version[0].isdigit() for version in named["dependencies"].values()), "exact versions"


def fail(stderr: str, code: int = 1):
    return lambda command, **_: subprocess.CompletedProcess(command, code, "", stderr)


def test_no_node_and_no_network_is_one_sentence(
    tiny: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendor.sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(subprocess, "run", fail("no route to host"))
    with pytest.raises(UserError, match="no Node and no network"):
        vendor.vendor(tiny)


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("npm error code ENOTFOUND\nnpm error network", "no network"),
        ("npm error code ENOSPC", "the disk is full"),
        ("npm error code EINTEGRITY\nnpm error sha512 differs", "npm error code EINTEGRITY"),
        ("", "it gave no reason"),
    ],
)
def test_what_npm_refuses_is_one_sentence(
    tiny: Places, monkeypatch: pytest.MonkeyPatch, stderr: str, said: str
) -> None:
    monkeypatch.setattr(vendor, "npm", lambda _: (["npm"], dict(os.environ)))
    monkeypatch.setattr(subprocess, "run", fail(stderr))
    with pytest.raises(UserError, match=said):
        vendor.vendor(tiny)
