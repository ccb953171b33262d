"""The pictures of the data page: the photographs, and one plane of the phantom as contrasts, fields and labels."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from paperlens.data.files import path
from paperlens.data.photograph_set import card
from paperlens.site.places import write
from paperlens.site.run.keys import digest, package_files

SHOWN_WIDTH = 320
SUBJECT, PLANE, COARSE = 4, 34, 4
CONTRASTS = ("T1", "T2", "PD", "FLAIR")
LOW_FIELD = 0.05
# Okabe and Ito's colours on black: background, fluid, gray matter, white matter, lesion.
COLOURS = ((0, 0, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0))


def draw(folder: Path) -> None:
    """Write the page's pictures (.webp) into `folder` where their sources changed."""
    stamp = folder / "data.key"
    sources = package_files(["paperlens.site.pages.data_pictures", "paperlens.data.phantoms"])[0]
    key = digest([*sources, path("photographs"), path("physics")])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return
    for row in card():
        with Image.open(path(f"photographs/{row['file']}")) as picture:
            height = round(row["height"] * SHOWN_WIDTH / row["width"])
            _save(folder, f"photograph_{row['name']}", picture.resize((SHOWN_WIDTH, height)))
    for name, image in slices().items():
        _save(folder, f"phantom_{name}", image)
    write(stamp, key)


def slices() -> dict[str, Image.Image]:
    """The phantom's pictures by name: contrasts at 3 T and at low field, labels, coarse labels."""
    # torch and the phantom load where a picture is drawn, not with the site
    from einops import reduce

    from paperlens.data import anatomy, simulate
    from paperlens.data.phantoms import Phantom, PhantomConfig
    from paperlens.ops.eight_bit import eight_bit

    found = {}
    for field, contrasts in ((3.0, CONTRASTS), (LOW_FIELD, ("T1", "T2"))):
        person = Phantom(SUBJECT, "train", PhantomConfig(field=field))
        for contrast in contrasts:
            image = person.image(contrast, [PLANE])[0].abs()
            top = (
                image.flatten().kthvalue(int(0.995 * image.numel())).values
            )  # a vessel must not darken the rest
            levels = eight_bit(image / top).numpy()
            name = contrast.lower() if field == 3.0 else f"low_{contrast.lower()}"
            found[name] = _twice(Image.fromarray(levels))
    person = Phantom(SUBJECT, "train", PhantomConfig())
    lattice = person.config.lattice([PLANE])
    shares = simulate.shares(anatomy.build(person.generator("anatomy"), lattice))[:, 0]
    coarse = reduce(shares, "k (h a) (w b) -> k h w", "mean", a=COARSE, b=COARSE)
    for name, maps in (("labels", shares), ("labels_coarse", coarse)):
        colours = np.array(COLOURS, dtype=np.uint8)[maps.argmax(0).numpy()]
        size = (2 * shares.shape[2], 2 * shares.shape[1])
        found[name] = Image.fromarray(colours).resize(size, Image.Resampling.NEAREST)
    return found


def _twice(image: Image.Image) -> Image.Image:
    return image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC)


def _save(folder: Path, name: str, image: Image.Image) -> None:
    data = BytesIO()
    image.convert("RGB").save(data, "WEBP", quality=84, method=6)
    write(folder / f"{name}.webp", data.getvalue())
