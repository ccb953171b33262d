"""Pictures of the pages as WebP: the same pixels in two thirds of the bytes; large photographs at quality 95."""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image

from paperlens.site.places import write

LOSSLESS = 100_000  # bytes; a plot stays below, with its letters exact
NAME = re.compile(r"_images/([0-9a-f]{64})\.png")  # what notebooks drew; hand-made pictures keep their form


def lighten(site: Path) -> None:
    """Rewrite the pages under `site` to WebP pictures where these are smaller; what was done before is left alone."""
    for page in sorted((site / "chapters").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        for name in set(NAME.findall(text)):
            if _smaller(site / "_images" / f"{name}.png"):
                text = text.replace(f"_images/{name}.png", f"_images/{name}.webp")
        write(page, text)


def _smaller(picture: Path) -> bool:
    """Write the WebP beside a PNG; True where it is the smaller one."""
    target = picture.with_suffix(".webp")
    if not target.is_file():
        with Image.open(picture) as opened:
            opaque = (
                opened.convert("RGB")
                if opened.mode == "RGBA" and opened.getchannel("A").getextrema() == (255, 255)
                else opened
            )
            exact, close = BytesIO(), BytesIO()
            opaque.save(exact, "WEBP", lossless=True, method=4)
            opaque.save(close, "WEBP", quality=95, method=4)
        write(target, exact.getvalue() if exact.tell() <= LOSSLESS else close.getvalue())
    return target.stat().st_size < picture.stat().st_size
