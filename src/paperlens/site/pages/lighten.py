"""Pictures of the pages as WebP: plots keep their pixels in two thirds of the bytes, photographs come close in half."""

import base64
import hashlib
import re
from io import BytesIO
from pathlib import Path

from PIL import Image

from paperlens.site.places import write

LOSSLESS = 100_000  # bytes; a plot stays below, with its letters exact
PHOTOGRAPH = 90  # quality of what the notebook already drew as JPEG
NAME = re.compile(
    r"_images/([0-9a-f]{64})\.(png|jpg)"
)  # what notebooks drew; hand-made pictures keep their form


INSIDE = re.compile(r'src="data:image/(webp|jpeg|png);base64,([A-Za-z0-9+/=\s]+)"')
IMAGE = re.compile(
    r'<img\b(?![^>]*\b(?:width|loading)=)[^>]*\bsrc="([^"]*_images/[^"]+\.(?:webp|png|jpg))"[^>]*?(?=\s*/?>)'
)


def lighten(site: Path) -> None:
    """Rewrite the pages under `site` to WebP pictures where these are smaller, each with its size and, below the first,
    loaded when it comes near; what was done before is left alone.
    """
    for page in sorted((site / "chapters").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        for name, form in set(NAME.findall(text)):
            if _smaller(site / "_images" / f"{name}.{form}"):
                text = text.replace(f"_images/{name}.{form}", f"_images/{name}.webp")
        write(page, text)
    for page in sorted(site.rglob("*.html")):
        if "_static" not in page.relative_to(site).parts:
            write(page, _sized(_beside(page.read_text(encoding="utf-8"), page, site), page))


def _beside(text: str, page: Path, site: Path) -> str:
    """Pictures written into a page become files beside it, loaded when they are shown."""
    up = "../" * (len(page.relative_to(site).parts) - 1)

    def file(match: re.Match[str]) -> str:
        data = base64.b64decode(match[2])
        name = f"_images/{hashlib.sha256(data).hexdigest()[:16]}.{match[1]}"
        write(site / name, data)
        return f'src="{up}{name}"'

    return INSIDE.sub(file, text)


def _sized(text: str, page: Path) -> str:
    """Width and height keep the text below a picture from moving when it comes."""
    first = True

    def with_size(match: re.Match[str]) -> str:
        nonlocal first
        if not (page.parent / match[1]).is_file():
            return match[0]  # the audit of links tells
        with Image.open(page.parent / match[1]) as opened:
            width, height = opened.size
        when = "" if first else ' loading="lazy"'
        first = False
        return f'{match[0]} width="{width}" height="{height}" decoding="async"{when}'

    return IMAGE.sub(with_size, text)


def _smaller(picture: Path) -> bool:
    """Write the WebP beside a picture; True where it is the smaller one."""
    target = picture.with_suffix(".webp")
    if not target.is_file():
        with Image.open(picture) as opened:
            write(target, _photograph(opened) if picture.suffix == ".jpg" else _plot(opened))
    return target.stat().st_size < picture.stat().st_size


def _photograph(opened: Image.Image) -> bytes:
    close = BytesIO()
    opened.save(close, "WEBP", quality=PHOTOGRAPH, method=6)
    return close.getvalue()


def _plot(opened: Image.Image) -> bytes:
    opaque = (
        opened.convert("RGB")
        if opened.mode == "RGBA" and opened.getchannel("A").getextrema() == (255, 255)
        else opened
    )
    exact, close = BytesIO(), BytesIO()
    opaque.save(exact, "WEBP", lossless=True, method=4)
    opaque.save(close, "WEBP", quality=95, method=4)
    return exact.getvalue() if exact.tell() <= LOSSLESS else close.getvalue()
