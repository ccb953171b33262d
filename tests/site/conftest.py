"""The fixture chapter as a checkout of its own, and one site of the whole course, built once for all browser tests."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import chrome
import pytest
from filelock import FileLock
from selenium.webdriver import Chrome

from paperlens.site.build import build
from paperlens.site.places import Places
from paperlens.site.serve.server import server

ROOT = Path(__file__).parent.parent.parent
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A checkout with the fixture chapter alone."""
    shutil.copytree(FIXTURES / "chapters", tmp_path / "chapters")
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("_build", "node_modules"))
    monkeypatch.setenv("PAPERLENS_ROOT", str(tmp_path))
    return Places(tmp_path)


@pytest.fixture(scope="session")
def site() -> Path:
    """The site of the real chapters at `smoke`, in build/test; what an earlier run executed and wrote is kept."""
    places = Places(ROOT, derived=ROOT / "build" / "test")
    places.build.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PAPERLENS_SOLUTIONS", None)
    with FileLock(places.build / "lock"):
        return build(places, "smoke")


@pytest.fixture(scope="session")
def base(site: Path) -> Iterator[str]:
    with server(site) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


@pytest.fixture(scope="session")
def driver() -> Iterator[Chrome]:
    if chrome.binary() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no Chromium; .ci/run installs it")
        pytest.skip("no Chromium on this machine")
    with chrome.chrome() as running:
        yield running
