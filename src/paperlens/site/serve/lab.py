"""`paperlens book lab`: JupyterLab on the student's copies, or on the sources for an author."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.pages.assemble import FIRST, copies
from paperlens.site.places import Places, write

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0  # in a container the only user there is
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}
GRADING = [
    f"nbgrader.server_extensions.{name}"
    for name in ("formgrader", "validate_assignment", "assignment_list", "course_list")
]
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
    port = free_port(port)
    token = secrets.token_hex(16)
    place = f"http://127.0.0.1:{port}/lab?token={token}"
    print(f"JupyterLab: {place}  Notebooks: {folder}  Stop: Ctrl+C here.", flush=True)
    line = command(places, folder, port, author=author, browser=browser)
    environment = os.environ | {"JUPYTER_TOKEN": token} | ({} if author else without_grading(places))
    running = subprocess.Popen(line, env=environment)
    while True:
        try:
            return running.wait()
        except KeyboardInterrupt:  # the terminal tells JupyterLab, too; it asks nobody and ends
            running.terminate()


def free_port(first: int) -> int:
    """The first free port of ten; UserError where all are taken."""
    for port in range(first, first + 10):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port
    raise UserError(f"the ports {first} to {first + 9} are taken; choose another with --port.")


def without_grading(places: Places) -> dict[str, str]:
    """Settings that leave nbgrader's menus and its Validate button out, where a teacher's extra installed them."""
    folder = places.build / "lab" / "server"
    off = {"ServerApp": {"jpserver_extensions": dict.fromkeys(GRADING, False)}}
    write(folder / "jupyter_server_config.json", json.dumps(off, indent=1))
    known = os.environ.get("JUPYTER_CONFIG_PATH")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(folder), *([known] if known else [])])}


def command(places: Places, folder: Path, port: int, *, author: bool, browser: bool) -> list[str]:
    """The command line; settings lie under build/, so that the user's own JupyterLab stays as it was."""
    settings = places.build / "lab" / ("author" if author else "student")
    write(settings / "overrides.json", json.dumps(QUIET | (SOURCES if author else {}), indent=1))
    write(
        settings / "page_config.json",
        json.dumps({} if author else {"disabledExtensions": {"@jupyter/nbgrader": True}}),
    )
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.log_level=ERROR",
        *([] if author else [f"--LabApp.default_url=/lab/tree/{FIRST}"]),
        f"--ServerApp.open_browser={browser}",
        f"--LabApp.app_settings_dir={settings}",
        f"--LabApp.workspaces_dir={settings / 'workspaces'}",
        f"--LabApp.user_settings_dir={settings / 'user'}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *(["--ServerApp.allow_root=True"] if ROOT else []),
        *(["--ServerApp.contents_manager_class=jupytext.TextFileContentsManager"] if author else []),
    ]
