"""The pictures of the landing page and of README: what a small network of the course returns, beside interpolation."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from paperlens.data.files import path
from paperlens.site.places import write
from paperlens.site.run.keys import digest, package_files

NAME = "flower"  # a held-out photograph
NETWORK = "checkpoints/swinir.safetensors"
HERO = (160, 104, 448, 248)  # left, top, right, bottom in the photograph: two to one, as the page's frame
README = (256, 176, 352, 272)
SHOWN = 4  # each pixel of the crop becomes this many on the page


def landing(folder: Path) -> None:
    """Write hero_bicubic and hero_swinir (.webp, 1152 x 576) where their sources changed."""
    stamp = folder / "landing.key"
    key = digest(
        [
            *package_files(["paperlens.site.pages.landing_pictures", "paperlens.recipes.engine.shipped"])[0],
            path(NETWORK),
        ]
    )
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return
    forms = crops(HERO)
    for name, form in {"hero_bicubic": forms["bicubic"], "hero_swinir": forms["SwinIR"]}.items():
        data = BytesIO()
        form.save(data, "WEBP", quality=88, method=6)
        write(folder / f"{name}.webp", data.getvalue())
    write(stamp, key)


def readme_picture(file: Path) -> None:
    """The four forms of one crop side by side, each under its name."""
    forms = crops(README)
    side, gap, line = 240, 8, 26
    sheet = Image.new("RGB", (4 * side + 3 * gap, side + line), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for column, (name, form) in enumerate(forms.items()):
        left = column * (side + gap)
        draw.text((left + side / 2, line / 2), name, fill="#222222", font=font, anchor="mm")
        sheet.paste(form.resize((side, side), Image.Resampling.LANCZOS), (left, line))
    sheet.save(file, optimize=True)


def crops(box: tuple[int, int, int, int]) -> dict[str, Image.Image]:
    """The same part of the photograph: half the pixels, enlarged by interpolation, by SwinIR, and as it was."""
    # torch and the models load where a picture is drawn, not with the site
    from paperlens.data.images import to_image
    from paperlens.recipes.engine.shipped import shipped
    from paperlens.recipes.engine.super_resolution import pairs, restore
    from paperlens.recipes.swinir.against_edsr import SCALE, SWINIR

    low, high = next((low, high) for name, low, high in pairs("test", SCALE) if name == NAME)
    small = low[None].float() / 255
    forms = {
        "low resolution": small[0].repeat_interleave(SCALE, -1).repeat_interleave(SCALE, -2),
        "bicubic": restore(None, small, SCALE)[0],
        "SwinIR": restore(shipped(SWINIR), small, SCALE)[0],
        "photograph": high.float() / 255,
    }
    width, height = (box[2] - box[0]) * SHOWN, (box[3] - box[1]) * SHOWN
    return {
        name: to_image(form.clamp(0, 1)).crop(box).resize((width, height), Image.Resampling.NEAREST)
        for name, form in forms.items()
    }
