"""What cannot run here (other systems, conda, workflows) is at least parsed, and the house keeps its own rules."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n")
    if "==" in line
)


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned_and_torch_once() -> None:
    pinned = {normal(name) for name in PINS}
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in (r for one in lists for r in one):
        name = normal(re.match(r"[\w.-]+", requirement)[0])
        assert name == "paperlens" or name in pinned, f"{name} has no line in constraints.txt"
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if normal(line).startswith("torch==")] == ["torch==2.13.0"]


def test_environment_holds_no_second_list() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert [name.split("=")[0] for name in conda] == ["python", "nodejs", "pip"]
    assert pip["pip"] == ["-c constraints.txt", "-e .[dev]"]


def test_workflows_parse_and_call_what_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    flows = {
        p.name: yaml.safe_load(p.read_text(encoding="utf-8"))
        for p in (ROOT / ".github/workflows").glob("*.yml")
    }
    matrix = flows["test.yml"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    for flow in flows.values():
        for job in flow["jobs"].values():
            for step in job["steps"]:
                called = re.findall(r"\bmake ([a-z]+)", step.get("run", ""))
                assert set(called) <= targets, f"a workflow calls a target the Makefile lacks: {called}"
    assert set(re.findall(r"^make ([a-z]+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.M)) <= targets


def test_other_forms_parse() -> None:
    for name in ["CITATION.cff", ".pre-commit-config.yaml"]:
        assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], check=False).returncode == 0


def test_no_machine_and_no_registry_in_the_tree() -> None:
    home = re.compile(r"/(?:root|home|work|tmp)/(?:main|shared|[a-z]+/\.|user/|runner/)")
    registry = re.compile(r"registry\.npmjs|files\.pythonhosted|pypi\.org|deb\.debian")
    for path in tracked():
        if path.suffix in {".png", ".jpg", ".safetensors", ".onnx", ".gz", ".woff2"} or path == Path(
            __file__
        ):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not home.search(text), (
            f"{path.relative_to(ROOT)} holds a path of one machine: {home.search(text)[0]}"
        )
        assert not registry.search(text), f"{path.relative_to(ROOT)} names a package registry"


def test_shipped_data_stays_small() -> None:
    sizes = {p: p.stat().st_size for p in tracked() if p.is_relative_to(ROOT / "data")}
    assert sum(sizes.values()) < 40_000_000
    assert all(size < 4_000_000 for size in sizes.values())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, "usage: paperlens"),
        (["--help"], 0, "usage: paperlens"),
        (["nonsense"], 2, "no command 'nonsense'"),
    ],
)
def test_command_line_answers_in_words(arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "paperlens.cli", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
