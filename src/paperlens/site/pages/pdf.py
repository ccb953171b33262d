"""`paperlens book pdf`: one page of all chapters, folds opened, printed by Chromium."""

import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from paperlens.errors import UserError
from paperlens.site.build import build
from paperlens.site.places import Places, write
from paperlens.site.serve.server import server

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
MINUTES = 5
# Folds open for print, and the printer waits for the formulas.
OPEN = "<script>document.querySelectorAll('details').forEach((d) => { d.open = true; });</script></body>"


def browser() -> str:
    """The Chromium of this machine; UserError where there is none."""
    found = next(
        (path for name in BROWSERS if (path := shutil.which(name))), str(MAC) if MAC.exists() else None
    )
    if found is None:
        raise UserError(
            f"the PDF is printed by Chromium, and none is installed (looked for {', '.join(BROWSERS)})."
        )
    return found


def pdf(places: Places, profile: str = "class", *, jobs: int = 1) -> Path:
    """Print the book to build/paperlens.pdf, return the path; UserError where Chromium does not finish."""
    chromium = browser()
    folder = build(places, profile, jobs=jobs, builder="singlehtml")
    page = folder / "index.html"
    text = page.read_text(encoding="utf-8")
    if OPEN not in text:
        write(page, text.replace("</body>", OPEN))
    target = places.build / "paperlens.pdf"
    with server(folder) as site, tempfile.TemporaryDirectory() as profile_folder:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        command = [
            chromium,
            "--headless",
            "--disable-gpu",
            f"--user-data-dir={profile_folder}",
            "--no-pdf-header-footer",
        ]
        if sys.platform == "linux":
            command.append("--no-sandbox")  # a container's root has no user namespace; the page is our own
        command += ["--virtual-time-budget=60000", f"--print-to-pdf={target}"]
        try:
            done = subprocess.run(
                [*command, f"http://127.0.0.1:{site.server_address[1]}/index.html"],
                capture_output=True,
                text=True,
                timeout=60 * MINUTES,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"Chromium did not print the book in {MINUTES} minutes.") from None
        finally:
            site.shutdown()
    if done.returncode or not target.is_file():
        raise UserError(
            f"Chromium could not print the book: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}"
        )
    return target
