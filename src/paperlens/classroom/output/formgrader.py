"""formgrader in the teacher's browser: a Jupyter server of one folder, on this machine alone."""

import contextlib
import os
import signal
import subprocess
import sys

import psutil

from paperlens.classroom import course as courses
from paperlens.classroom.course import Course
from paperlens.classroom.output import gradebook
from paperlens.classroom.sandbox import walls

GRACE_SECONDS = 10.0
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
    """Run until it is interrupted or ended, and end everything that it started."""
    with gradebook.opened(course):
        pass  # a gradebook that cannot be used is told here, not in the browser
    courses.put_up_wall(course)
    server = subprocess.Popen(
        command(course, port, browser),
        cwd=course.root,
        start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the server in order
        preexec_fn=walls.die_with_parent,  # noqa: PLW1509  one system call; it holds also when this process is killed
    )

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        return server.wait()
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # ending is not interrupted
        children = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
        server.terminate()
        try:
            server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        for number, handler in before.items():
            signal.signal(number, handler)
