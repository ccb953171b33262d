"""JupyterHub for a class on one Linux machine: real accounts, JupyterLab, nbgrader's exchange with its permissions.

Set PAPERLENS_TEACHERS to the teachers' user names, with commas, before you start it.
"""

import os
import stat
import sys
from pathlib import Path

c = get_config()  # noqa: F821

EXCHANGE = Path(os.environ.get("PAPERLENS_EXCHANGE", "/srv/nbgrader/exchange"))
TEACHERS = {name for name in os.environ.get("PAPERLENS_TEACHERS", "").split(",") if name}

c.JupyterHub.bind_url = os.environ.get("PAPERLENS_HUB", "http://127.0.0.1:8000")
c.JupyterHub.cleanup_servers = True
HERE = Path(__file__).resolve().parent
PROXY = HERE / "node_modules" / ".bin" / "configurable-http-proxy"  # of `npm ci` in this folder
c.ConfigurableHTTPProxy.command = str(PROXY) if PROXY.exists() else "configurable-http-proxy"

# Who may log in: everybody with an account on this machine (PAM), or only some: c.Authenticator.allowed_users.
c.JupyterHub.authenticator_class = "jupyterhub.auth.PAMAuthenticator"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = TEACHERS

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120
# One user may not take the machine away from the others; LocalProcessSpawner cannot enforce more than threads.
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",
    "PAPERLENS_PROFILE": "class",
    "PAPERLENS_EXCHANGE": str(EXCHANGE),
    "JUPYTER_CONFIG_PATH": str(HERE),  # nbgrader_config.py: students' nbgrader learns where the exchange is
}


def check_exchange() -> None:
    """The exchange must be writable for all, and nobody may delete what another handed in: mode 1777, owned by root."""
    if not EXCHANGE.is_dir():
        raise SystemExit(f"there is no exchange {EXCHANGE}; install -d -m 1777 -o root {EXCHANGE}")
    mode = stat.S_IMODE(EXCHANGE.stat().st_mode)
    if mode != 0o1777:
        raise SystemExit(f"the exchange {EXCHANGE} has mode {mode:o}, expected 1777; chmod 1777 {EXCHANGE}")


check_exchange()
