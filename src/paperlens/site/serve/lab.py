"""`paperlens book lab`: JupyterLab on the student's copies, or on the sources for an author."""

import json
import os
import subprocess
import sys
from pathlib import Path

from paperlens.site.pages.assemble import copies
from paperlens.site.places import Places, write

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0  # in a container the only user there is
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}
SOURCES = {"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Jupytext Notebook"}}}


def lab(places: Places, port: int, *, author: bool = False, browser: bool = True) -> int:
    """Run JupyterLab until it is stopped. An author's opens `chapters/`, with .md files as notebooks."""
    if author:
        folder = places.chapters
    else:
        folder = places.work
        folder.mkdir(exist_ok=True)
        for name in copies(places):
            print(f"new in work/: {name}")
    return subprocess.run(
        command(places, folder, port, author=author, browser=browser), check=False
    ).returncode


def command(places: Places, folder: Path, port: int, *, author: bool, browser: bool) -> list[str]:
    """The command line; settings lie under build/, so that the user's own JupyterLab stays as it was."""
    settings = places.build / "lab" / ("author" if author else "student")
    write(settings / "overrides.json", json.dumps(QUIET | (SOURCES if author else {}), indent=1))
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        f"--ServerApp.open_browser={browser}",
        f"--LabApp.app_settings_dir={settings}",
        f"--LabApp.workspaces_dir={settings / 'workspaces'}",
        f"--LabApp.user_settings_dir={settings / 'user'}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *(["--ServerApp.allow_root=True"] if ROOT else []),
        *(["--ServerApp.contents_manager_class=jupytext.TextFileContentsManager"] if author else []),
    ]
