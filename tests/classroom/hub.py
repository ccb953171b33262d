"""A running JupyterHub with the configuration of `deploy/`, and a user's way through it by HTTP."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import machine
import psutil
import requests

from paperlens.site.pages import vendor
from paperlens.site.places import Places

DEPLOY = machine.ROOT / "deploy"
PATIENCE = 300  # seconds for a server to start; a busy machine takes its time


def install_proxy() -> None:
    """The hub's proxy by its lock file, from npm; once a checkout, as the site's formulas and letters."""
    if not (DEPLOY / "node_modules" / ".bin" / "configurable-http-proxy").exists():
        command, environment = vendor.npm(Places(machine.ROOT))
        subprocess.run(
            [*command, "ci", "--ignore-scripts"], cwd=DEPLOY, env=environment, check=True, timeout=PATIENCE
        )


class Hub:
    """Use it in a `with` block."""

    def __init__(self, users: machine.Machine, exchange: Path) -> None:
        self.users = users
        self.exchange = exchange
        self.folder = users.folder / "hub"
        self.url = f"http://127.0.0.1:{users.port()}"

    def __enter__(self) -> "Hub":
        self.folder.mkdir(mode=0o700)
        proxy = f"http://127.0.0.1:{self.users.port()}"
        command = self.users.inside(
            machine.BIN / "jupyterhub",
            f"--config={DEPLOY / 'jupyterhub_config.py'}",
            f"--JupyterHub.hub_port={self.users.port()}",
            f"--ConfigurableHTTPProxy.api_url={proxy}",
        )
        node = Path(shutil.which("node") or machine.BIN / "node").parent
        environment = {
            "PATH": f"{machine.BIN}:{node}:{machine.SYSTEM}",
            "PAPERLENS_EXCHANGE": str(self.exchange),
            "PAPERLENS_TEACHERS": self.users.users["teacher"],
            "PAPERLENS_HUB": self.url,
            "HOME": str(self.folder),
        }
        self.log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.wait_for(lambda: requests.get(f"{self.url}/hub/api/", timeout=5).ok)
        return self

    def __exit__(self, *_: object) -> None:
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        self.process.terminate()  # it stops its users' servers and its proxy
        _, left = psutil.wait_procs(family, 10)
        for one in left:
            one.kill()
        self.process.wait()
        self.log.close()

    def wait_for(self, holds: Any) -> None:
        """Until it holds; the hub's log says why it does not."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.told()
            try:
                if holds():
                    return
            except requests.RequestException:
                pass
            time.sleep(0.3)
        raise AssertionError(self.told())

    def told(self) -> str:
        """The end of the hub's log."""
        return (self.folder / "log").read_text()[-5000:]

    def login(self, name: str, password: str | None = None) -> "Browser":
        """Through the hub's login page and PAM."""
        return Browser(self, self.users.users[name], password or self.users.passwords[name])


class Browser:
    """One user's session."""

    def __init__(self, hub: Hub, account: str, password: str) -> None:
        self.hub = hub
        self.account = account
        self.web = requests.Session()
        self.web.get(f"{hub.url}/hub/login", timeout=60)
        form = {"username": account, "password": password, "_xsrf": self.xsrf("/hub/")}
        self.answer = self.web.post(
            f"{hub.url}/hub/login", data=form, timeout=PATIENCE, allow_redirects=False
        )

    def xsrf(self, path: str) -> str:
        """The token against forged requests that goes with this path."""
        found = [one.value for one in self.web.cookies if one.name == "_xsrf" and one.path == path]
        return str(found[0]) if found else ""

    @property
    def welcome(self) -> bool:
        """Was the password taken?"""
        return self.answer.status_code == 302

    def start(self) -> None:
        """Start this user's server, and wait for it; then ask with a token, as scripts do."""
        self.web.get(f"{self.hub.url}/hub/home", timeout=60)
        head = {"X-XSRFToken": self.xsrf("/hub/"), "Referer": f"{self.hub.url}/hub/home"}
        made = self.web.post(
            f"{self.hub.url}/hub/api/users/{self.account}/tokens", headers=head, json={}, timeout=60
        )
        assert made.ok, made.text
        self.head = {"Authorization": f"token {made.json()['token']}"}
        begun = requests.post(
            f"{self.hub.url}/hub/api/users/{self.account}/server", headers=self.head, timeout=PATIENCE
        )
        assert begun.ok, begun.text
        self.hub.wait_for(lambda: self.ask("GET", "api/status").ok)

    def ask(self, verb: str, path: str, whose: str = "", **more: Any) -> requests.Response:
        """A request to one's own server, or to another user's."""
        place = f"{self.hub.url}/user/{whose or self.account}/{path}"
        return requests.request(verb, place, headers=self.head, timeout=PATIENCE, **more)
