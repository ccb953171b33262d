"""The record of long checks: `make verify` runs what changed since each passed, and a tenth of the rest.

A *check* is one or more tests that stand or fall together: a chapter's strict notebook, a system's golden outputs, the
hostile class. `tests/verified.json` maps its name to a hash of all it depends on: the modules of paperlens that it can
reach, its own test files, data, constraints, the versions of Python and torch. A check that failed, or of which only a
part ran, is not in it. Whoever edits the record by hand is caught by the sample, which the commit chooses.

A test belongs to a check if it is marked `verify`, or if its module says so:

    def depends(item) -> Check | None        # tests/chapters/test_runs.py has one

Without it, the check is the test file, which depends on its folder's Python files and on everything these can load,
the catalogues' rows included.
"""

import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock

from paperlens import importgraph

ROOT = Path(__file__).parent.parent
RECORD = Path(__file__).with_name("verified.json")
SAMPLE = 10  # one in ten of what has not changed
# Packages whose modules are named in strings: whoever reaches the first may load every module under the second.
CATALOGUES = {
    "paperlens.models": "paperlens.models",
    "paperlens.exercises": "paperlens.exercises",
    "paperlens.recipes": "paperlens.recipes",
    "paperlens.checkpoints": "paperlens.checkpoints",
    "paperlens.cli": "paperlens",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A name, the modules of paperlens that it can reach, files or folders beside them, and whatever else counts."""

    name: str
    modules: Iterable[str] = ()
    files: Iterable[Path] = ()
    state: str = ""

    def key(self) -> str:
        """The hash of everything the check depends on."""
        total = hashlib.sha256((environment() + self.state).encode())
        total.update(importgraph.reach(self.modules).digest().encode())
        for file in sorted({file for given in self.files for file in expanded(given)}):
            total.update(file.relative_to(ROOT).as_posix().encode() + content(file))
        return total.hexdigest()[:20]


def expanded(place: Path) -> list[Path]:
    return (
        [f for f in place.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
        if place.is_dir()
        else [place]
    )


@cache
def content(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"missing"


@cache
def environment() -> str:
    pins = hashlib.sha256((ROOT / "constraints.txt").read_bytes()).hexdigest()
    return f"{pins} {platform.python_version()} {importlib.metadata.version('torch')}"


def check_of(item: pytest.Item) -> Check | None:
    """The check that a test belongs to; None for a test that always runs."""
    module = getattr(item, "module", None)
    own = getattr(module, "depends", None)
    if own is not None and (found := own(item)) is not None:
        return found
    return whole_file(module) if item.get_closest_marker("verify") else None


@cache
def whole_file(module: ModuleType) -> Check:
    """A test file with all that its folder's files can load."""
    file = Path(module.__file__)
    folder = file.parent
    helpers = [p for p in folder.glob("*.py") if not p.name.startswith("test_")]
    return Check(
        name=file.relative_to(ROOT / "tests").as_posix(),
        modules=frozenset(loadable([file, *helpers])),
        files=frozenset(
            [file, *helpers, *(p for p in [folder / "fixtures"] if p.is_dir()), ROOT / "tests/conftest.py"]
        ),
    )


def loadable(files: Iterable[Path]) -> set[str]:
    """The modules of paperlens that test files can load, with every row of a catalogue that they reach."""
    named = [one for file in files for one in importgraph.imports(file.read_text(encoding="utf-8"))]
    found = set(importgraph.reach(named).modules)
    for package, below in CATALOGUES.items():
        if package in found:
            found |= rows(below)
    return set(importgraph.reach(found).modules)


@cache
def rows(package: str) -> frozenset[str]:
    folder = importgraph.module_file(package).parent
    files = (f for f in folder.rglob("*.py") if "_data" not in f.parts)
    return frozenset(importgraph.module_name(f) for f in files)


def recorded() -> dict[str, str]:
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}


def drawn(name: str, commit: str) -> bool:
    """Whether the commit chooses this check for the sample."""
    return int(hashlib.sha256(f"{commit} {name}".encode()).hexdigest(), 16) % SAMPLE == 0


def head() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


class Verified:
    """The plugin: leaves out what the record vouches for, and writes down what passed as a whole."""

    def __init__(self, changed: bool, record: bool, shard: tuple[int, int] = (0, 1)) -> None:
        self.changed, self.record, self.shard = changed, record, shard
        self.tests: dict[str, set[str]] = defaultdict(set)  # check -> its tests
        self.keys: dict[str, str] = {}  # as collected: what is edited meanwhile did not take part
        self.passed: set[str] = set()
        self.failed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Before -m, so that a check is known whole."""
        checks = {item.nodeid: check_of(item) for item in items}
        named = {check.name: check for check in checks.values() if check is not None}
        for node, check in checks.items():
            if check is not None:
                self.tests[check.name].add(node)
        if self.changed or self.record:
            self.keys = {name: check.key() for name, check in named.items()}
        known, commit = (recorded(), head()) if self.changed else ({}, "")

        def runs(item: pytest.Item) -> bool:
            check = checks[item.nodeid]
            name = item.nodeid.partition("::")[0] if check is None else check.name
            if place(name, self.shard[1]) != self.shard[0]:
                return False
            return check is None or known.get(name) != self.keys.get(name, "") or drawn(name, commit)

        out = [item for item in items if not runs(item)]
        items[:] = [item for item in items if runs(item)]
        config.hook.pytest_deselected(items=out)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.passed and report.when == "call":
            self.passed.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """What passed whole goes into the record, what failed leaves it; two shards may write at once."""
        if not self.record:
            return
        whole = {name for name, tests in self.tests.items() if tests <= self.passed - self.failed}
        broken = {name for name, tests in self.tests.items() if tests & self.failed}
        with FileLock(RECORD.with_suffix(".lock")):
            record = {name: key for name, key in recorded().items() if name not in broken}
            record |= {name: self.keys[name] for name in whole}
            RECORD.write_text(json.dumps(record, indent=0, sort_keys=True) + "\n", encoding="utf-8")
        RECORD.with_suffix(".lock").unlink(missing_ok=True)


def place(name: str, shards: int) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % shards


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("verified")
    group.addoption(
        "--changed", action="store_true", help="leave out what the record of long checks vouches for"
    )
    group.addoption("--record", action="store_true", help="write what passed as a whole into the record")
    group.addoption("--shard", default="1/1", metavar="N/OF", help="the checks of one part, as in 2/4")


def configure(config: pytest.Config) -> None:
    number, _, of = config.getoption("--shard").partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise pytest.UsageError(f"--shard takes N/OF, as in 2/4, not {config.getoption('--shard')!r}")
    record = config.getoption("--record")
    if record and (config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.getoption("-k")):
        raise pytest.UsageError(
            "--record needs the whole collection: no files and no -k, or a part would pass as all"
        )
    plugin = Verified(config.getoption("--changed"), record, (int(number) - 1, int(of)))
    config.pluginmanager.register(plugin, "verified")
