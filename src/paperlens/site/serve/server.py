"""`paperlens book serve`: the finished site on this machine, with its 404 page."""

import functools
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from paperlens.errors import UserError


class Handler(SimpleHTTPRequestHandler):
    """Static files; a missing one is answered with the book's own page."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The 404 page for a missing file, the plain answer for anything else."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a line for each picture of a page helps nobody."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server over `folder` on this machine alone; port 0 takes a free one. UserError where it is taken."""
    if not (folder / "index.html").is_file():
        raise UserError(f"no site lies in {folder}; run `make book` first.")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Handler, directory=str(folder)))
    except OSError:
        raise UserError(f"port {port} is taken; choose another with --port.") from None
