"""A machine with several real users, for the hub's test: accounts that are made and removed, and a view of the files.

Everything runs in a mount namespace of its own. Where this Python or this checkout lies in a folder that ordinary
users may not enter (`/root`), an empty folder with nothing but these two covers it there, and there alone.
"""

import contextlib
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
READY = "ready"
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """Use it in a `with` block; `users` maps the names of the story to accounts."""

    def __init__(self, *names: str) -> None:
        mark = secrets.token_hex(3)
        self.users = {name: f"pl{mark}{name}" for name in names}
        self.passwords = {name: secrets.token_urlsafe(16) for name in names}
        self.folder = Path(tempfile.mkdtemp(prefix="paperlens-hub-"))

    def __enter__(self) -> "Machine":
        self.folder.chmod(0o755)
        (self.folder / "homes").mkdir(mode=0o755)
        try:
            for name, account in self.users.items():
                home = self.home(name)
                command = [
                    "useradd",
                    "--create-home",
                    "--home-dir",
                    str(home),
                    "--shell",
                    "/bin/bash",
                    account,
                ]
                subprocess.run(command, check=True, capture_output=True)
                home.chmod(0o700)
            lines = "".join(f"{self.users[name]}:{word}\n" for name, word in self.passwords.items())
            subprocess.run(["chpasswd"], input=lines, text=True, check=True, capture_output=True)
            self.holder = subprocess.Popen(
                ["unshare", "--mount", "/bin/sh", "-c", f"{view()}\necho {READY}; exec sleep infinity"],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self.holder.stdout is not None and self.holder.stdout.readline().strip() == READY
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(AttributeError):
            self.holder.kill()
            self.holder.wait()
        accounts = set(self.users.values())
        for process in psutil.process_iter(["username"]):
            if process.info["username"] in accounts:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    process.wait(10)
        for account in accounts:
            subprocess.run(["userdel", account], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def home(self, name: str) -> Path:
        """The home of one of the users."""
        return self.folder / "homes" / name

    def port(self) -> int:
        """One that is free."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            return int(found.getsockname()[1])

    def inside(self, *command: object) -> list[str]:
        """A command as root, in the namespace."""
        return ["nsenter", f"--target={self.holder.pid}", "--mount", *map(str, command)]

    def run(self, name: str, *command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command as one of the users, in the namespace."""
        place = shlex.quote(str(cwd or self.home(name)))
        line = f"cd {place} && exec {shlex.join(map(str, command))}"
        environment = {"HOME": str(self.home(name)), "PATH": f"{BIN}:{SYSTEM}", "OMP_NUM_THREADS": "1"}
        environment |= {key: os.environ[key] for key in ("PAPERLENS_ROOT",) if key in os.environ}
        full = self.inside("runuser", "-u", self.users[name], "--", "/bin/sh", "-c", line)
        return subprocess.run(full, env=environment, capture_output=True, text=True, timeout=300, check=False)


def view() -> str:
    """Shell lines that let ordinary users reach Python and this checkout, and nothing else that they could not."""
    needed = {Path(sys.base_prefix).resolve(), ROOT, Path(sys.prefix)}
    blocked: dict[Path, list[Path]] = {}
    for path in sorted(needed):
        closed = [folder for folder in path.parents if not folder.stat().st_mode & 0o001]
        if closed:
            blocked.setdefault(closed[-1], []).append(path)
    lines = ["set -e"]
    for folder, paths in blocked.items():
        stage = shlex.quote(tempfile.gettempdir())
        lines.append(f"stage=$(mktemp -d -p {stage}); mount -t tmpfs -o mode=755 paperlens $stage")
        for number, path in enumerate(paths):
            lines.append(f"mkdir $stage/{number}; mount --bind {shlex.quote(str(path))} $stage/{number}")
        lines.append(f"mount -t tmpfs -o mode=755 paperlens {shlex.quote(str(folder))}")
        for number, path in enumerate(paths):
            place = shlex.quote(str(path))
            lines.append(f"mkdir -p {place}; mount --bind $stage/{number} {place}")
        lines.append("umount -R $stage; rmdir $stage")
    return "\n".join(lines)
