"""formgrader in the teacher's browser: a Jupyter server of one folder, on this machine alone."""

import os
import subprocess
import sys

from paperlens.classroom.course import Course
from paperlens.classroom.output import gradebook

EXTENSION = "nbgrader.server_extensions.formgrader"


def command(course: Course, port: int, browser: bool) -> list[str]:
    """The server's command line; Jupyter makes its own access token and prints the address."""
    return [
        *(sys.executable, "-m", "jupyter_server"),
        f"--ServerApp.root_dir={course.root}",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.default_url=/formgrader",
        f"--ServerApp.jpserver_extensions={EXTENSION}=True",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]


def serve(course: Course, port: int, browser: bool) -> int:
    """Run until it is interrupted; nbgrader reads the course's own configuration from its folder."""
    with gradebook.opened(course):
        pass  # a gradebook that cannot be used is told here, not in the browser
    return subprocess.run(command(course, port, browser), cwd=course.root, check=False).returncode
