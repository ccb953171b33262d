"""The file system that an answer sees: Python's standard library, torch, NumPy, einops, what the chapters import beside
them (`reach.OFFERED`), and what these need.

The project is not in it, nor the course, nor the tests, nor any other package of the environment: the folders are
bound one by one, and the environment's `site-packages` never as a whole.
"""

import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from paperlens.classroom import sandbox
from paperlens.exercises.engine import reach

OFFERED = ("torch", "numpy", "einops", "scipy", "scikit-image", "jaxtyping", "pandas", "tqdm")
INSIDE = ("__init__", "wire", "walls", "worker", "nursery", "standins")
SYSTEM_LIBRARIES = ("/lib64", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
PYTHON, SITE, WORKER = "/py", "/site", "/worker"


@cache
def binds() -> tuple[tuple[str, str], ...]:
    """(path here, path inside) of everything that is shown, folders before what lies in them."""
    return tuple((str(source), inside) for source, inside in [*interpreter(), *packages(), *own_files()])


@cache
def hidden() -> tuple[str, ...]:
    """Folders inside that are covered by an empty one: packages that lie within the standard library's folder."""
    library = Path(sysconfig.get_path("stdlib"))
    names = [name for name in ("site-packages", "dist-packages") if (library / name).is_dir()]
    return tuple(f"{inside_library()}/{name}" for name in names)


def executable() -> str:
    """The interpreter's path inside."""
    return f"{PYTHON}/bin/{Path(sys.executable).resolve().name}"


def inside_library() -> str:
    """Where the standard library lies inside."""
    return f"{PYTHON}/lib/python{sys.version_info.major}.{sys.version_info.minor}"


def interpreter() -> Iterator[tuple[Path, str]]:
    """The executable, its standard library, and the shared libraries that it maps here."""
    for folder in map(Path, SYSTEM_LIBRARIES):
        if folder.is_dir():
            yield folder.resolve(), str(folder)
    yield Path(sys.executable).resolve(), executable()
    yield Path(sysconfig.get_path("stdlib")).resolve(), inside_library()
    for path in mapped_libraries():
        yield path, f"{PYTHON}/lib/{path.name}"


def mapped_libraries() -> list[Path]:
    """Shared libraries of this process that belong to Python and lie in no folder that is shown anyway."""
    prefix = Path(sys.base_prefix).resolve()
    shown = [
        Path(sysconfig.get_path("stdlib")).resolve(),
        *(Path(folder).resolve() for folder in SYSTEM_LIBRARIES),
    ]
    paths = {
        Path(line.split(maxsplit=5)[5].strip())
        for line in Path("/proc/self/maps").read_text().splitlines()
        if ".so" in line
    }
    return sorted(
        path
        for path in paths
        if path.is_relative_to(prefix / "lib") and not any(path.is_relative_to(folder) for folder in shown)
    )


def packages() -> Iterator[tuple[Path, str]]:
    """The top-level folders and modules of the offered distributions and of all that they require."""
    seen: dict[str, Distribution] = {}
    waiting = list(OFFERED)
    while waiting:
        name = waiting.pop()
        if name.lower() in seen:
            continue
        try:
            found = seen[name.lower()] = distribution(name)
        except PackageNotFoundError:
            continue  # a requirement of another platform
        wanted = [Requirement(line) for line in found.requires or ()]
        waiting += [
            need.name for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    tops = {}
    for found in seen.values():
        for file in found.files or ():
            top = file.parts[0]
            if file.match("*.dist-info/METADATA") and found.name in OFFERED:
                tops[str(file)] = Path(
                    str(found.locate_file(str(file)))
                )  # packages ask for their own version
            if top not in ("..", "__pycache__") and not top.endswith((".dist-info", ".pth")):
                tops[top] = Path(str(found.locate_file(top)))
    for top, path in sorted(tops.items()):
        yield path.resolve(), f"{SITE}/{top}"


def own_files() -> Iterator[tuple[Path, str]]:
    """The files of ours that run behind the wall."""
    yield Path(reach.__file__), f"{WORKER}/reach.py"
    folder = Path(sandbox.__file__).parent
    for name in INSIDE:
        yield folder / f"{name}.py", f"{WORKER}/sandbox/{name}.py"
