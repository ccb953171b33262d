"""`paperlens book serve`: the finished site on this machine, with its 404 page."""

import functools
import gzip
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

from paperlens.errors import UserError

TEXT = {".html", ".css", ".js", ".json", ".svg"}


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

    def send_head(self) -> Any:
        """Text is sent compressed, as the hosts of static sites do; anything else as it lies there."""
        file = Path(self.translate_path(self.path))
        if file.is_dir():
            file = file / "index.html"
        if (
            file.suffix not in TEXT
            or not file.is_file()
            or "gzip" not in self.headers.get("Accept-Encoding", "")
        ):
            return super().send_head()
        body = gzip.compress(file.read_bytes(), 6)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)

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
