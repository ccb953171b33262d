"""The landing page's pictures, drawn from a photograph: what was lost, what interpolation returns."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from paperlens.data import photographs
from paperlens.site.keys import digest, package_files
from paperlens.site.places import write

NAME = "chelsea"
BOX = (96, 24, 384, 216)  # left, top, right, bottom: the eyes and the fur
SCALE = 4
SHOWN = 4  # each pixel of the crop becomes this many on the page


def landing(folder: Path) -> None:
    """Write hero_low, hero_bicubic and hero_original (.webp, 1152 x 768) where their sources changed."""
    stamp = folder / "landing.key"
    key = digest(package_files(["paperlens.site.figures"])[0])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return
    picture = next(row["image"] for row in photographs() if row["name"] == NAME).convert("RGB").crop(BOX)
    width, height = picture.size
    low = picture.resize((width // SCALE, height // SCALE), Image.Resampling.BICUBIC)
    shown = (width * SHOWN, height * SHOWN)
    forms = {
        "hero_low": low.resize(shown, Image.Resampling.NEAREST),
        "hero_bicubic": low.resize((width, height), Image.Resampling.BICUBIC).resize(
            shown, Image.Resampling.BICUBIC
        ),
        "hero_original": picture.resize(shown, Image.Resampling.BICUBIC),
    }
    for name, form in forms.items():
        data = BytesIO()
        form.save(data, "WEBP", quality=88, method=6)
        write(folder / f"{name}.webp", data.getvalue())
    write(stamp, key)
