"""The command that starts a nursery inside bubblewrap, for an ordinary user and for root.

Root first becomes nobody in particular (`UNPRIVILEGED`): in a private mount namespace the few folders of the view are
bound where that user can reach them, then bubblewrap is started without any right. A way out of the sandbox would
lead to a user who owns nothing.
"""

import base64
import os
import shlex
import shutil
from pathlib import Path

from paperlens.classroom.sandbox import policy, view
from paperlens.errors import UserError

UNPRIVILEGED = 65_519  # an id without a name or a file; the last that systemd hands out to services
STAGES = ("/mnt", "/media", "/srv", "/opt")
NAMESPACES = """--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try
--disable-userns"""
ENVIRONMENT = {
    "LD_LIBRARY_PATH": f"{view.PYTHON}/lib",
    "HOME": "/tmp",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
START = (
    f"import sys; sys.path[:0] = ['{view.WORKER}', '{view.SITE}']; "
    "from sandbox.nursery import main; main(*sys.argv[1:])"
)


def command(control: int) -> list[str]:
    """The program and its arguments; `control` is the inherited file descriptor of the nursery's socket."""
    bubblewrap = program("bwrap", "bubblewrap")
    binds = list(view.binds())
    if os.geteuid() != 0:
        return [*bubblewrap_arguments(bubblewrap, binds), *python(control)]
    stage = staging_folder(binds)
    staged = [(f"{stage}/{number}", inside) for number, (_, inside) in enumerate(binds)]
    lines = ["set -e", f"mount -t tmpfs -o mode=755 paperlens {stage}"]
    for (source, _), (place, _) in zip(binds, staged, strict=True):
        lines.append(f"{'mkdir' if Path(source).is_dir() else 'touch'} {place}")
        lines.append(f"mount --bind {shlex.quote(source)} {place}")
    become = [
        program("setpriv", "util-linux"),
        f"--reuid={UNPRIVILEGED}",
        f"--regid={UNPRIVILEGED}",
        "--clear-groups",
    ]
    become += ["--inh-caps=-all", "--no-new-privs"]
    last = [*become, *bubblewrap_arguments(bubblewrap, staged), *python(control)]
    lines.append(f"exec {shlex.join(last)}")
    return [program("unshare", "util-linux"), "--mount", "/bin/sh", "-c", "\n".join(lines)]


def bubblewrap_arguments(bubblewrap: str, binds: list[tuple[str, str]]) -> list[str]:
    """Empty namespaces, an empty environment, and the view."""
    arguments = [bubblewrap, *NAMESPACES.split(), "--new-session", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    # Only for the nursery, which must give every answer namespaces and a disk of its own; the answers get none.
    arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
    if Path("/lib").is_symlink():
        arguments += ["--symlink", "usr/lib", "/lib"]
    for source, inside in binds:
        arguments += ["--ro-bind", source, inside]
    for folder in view.hidden():
        arguments += ["--tmpfs", folder, "--remount-ro", folder]
    for device in view.DEVICES:
        arguments += ["--dev-bind", device, device]
    return [*arguments, "--dir", "/tmp", "--remount-ro", "/", "--chdir", "/", "--"]


def python(control: int) -> list[str]:
    """The interpreter inside, told to read no environment, no user's folder and no site file."""
    text = base64.b64encode(policy.program()).decode()
    return [view.executable(), "-I", "-S", "-B", "-c", START, str(control), text]


def staging_folder(binds: list[tuple[str, str]]) -> str:
    """An existing folder that holds nothing of the view; it is covered in a mount namespace of our own only."""
    for folder in STAGES:
        if Path(folder).is_dir() and not any(Path(source).is_relative_to(folder) for source, _ in binds):
            return folder
    raise UserError(
        f"none of {', '.join(STAGES)} is free to stage the sandbox; grade as an ordinary user instead of root"
    )


def program(name: str, package: str) -> str:
    """The full path of a program, or a sentence with the way out."""
    path = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin")
    if path is None:
        raise UserError(
            f"{name} is missing, without it no answer is run: apt-get install {package} (Linux only), "
            "or grade your own trusted files with --unsafe"
        )
    return path
