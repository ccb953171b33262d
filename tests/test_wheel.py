"""The wheel, installed elsewhere with its core dependencies alone, finds its data.

Installed here means unpacked by pip into an empty folder. A second environment with the core dependencies
alone would need a network; a finder that hides every other installed distribution stands in for it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

INSIDE = """
import json, re, sys
from importlib.machinery import PathFinder
from importlib.metadata import distribution, packages_distributions, PackageNotFoundError

def name(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-").replace(".", "-")

core, waiting = {"paperlens"}, ["paperlens"]
while waiting:
    try:
        required = distribution(waiting.pop()).requires or []
    except PackageNotFoundError:  # needed on another system, or by another Python
        continue
    for found in {name(r) for r in required if "extra ==" not in r} - core:
        core.add(found)
        waiting.append(found)
owners = packages_distributions()
hidden = {top for top, dists in owners.items() if not {name(d) for d in dists} & core}
hidden -= {"pip", "setuptools", "pkg_resources", "_distutils_hack"}

class Visible(PathFinder):  # the ordinary search of the path, for which the hidden ones do not exist
    @classmethod
    def find_spec(cls, full, path=None, target=None):
        return None if full.partition(".")[0] in hidden else super().find_spec(full, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Visible
import paperlens
from paperlens.data import path, photographs, to_tensor
from paperlens.data.photograph_set import card
rows = photographs(kind=None)
print(json.dumps({
    "package": paperlens.__file__,
    "data": str(path("photographs/photographs.json")),
    "names": rows["name"][:],
    "wanted": [r["name"] for r in card()],
    "shape": list(to_tensor(rows[0]["image"]).shape),
    "hidden": sorted(hidden),
    "loaded": sorted({m.partition(".")[0] for m in sys.modules} & hidden),
}))
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel, built from this tree, was installed."""
    built, folder = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("elsewhere")
    for command in (
        ["build", "--wheel", "--no-isolation", "--outdir", str(built), str(ROOT)],
        [
            "pip",
            "install",
            "--no-index",
            "--no-deps",
            "--quiet",
            "--target",
            str(folder),
            "--find-links",
            str(built),
            "paperlens",
        ],
    ):
        done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_installed_wheel_finds_its_pictures_with_core_dependencies_alone(
    elsewhere: Path, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(elsewhere), "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run(
        [sys.executable, "-c", INSIDE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert Path(said["package"]).is_relative_to(elsewhere)
    assert Path(said["data"]).is_relative_to(elsewhere / "paperlens" / "_data")
    assert said["names"] == said["wanted"] and len(said["names"]) >= 8
    assert said["shape"][0] == 3
    assert {"skimage", "sklearn", "matplotlib", "jupyterlab"} <= set(said["hidden"])  # the finder does hide
    assert said["loaded"] == []
    assert not (tmp_path / "hf").exists()  # nothing cached
