"""Pages show WebP in place of what notebooks drew, where it is smaller; other pictures keep their form."""

import numpy as np
import pytest
from PIL import Image

from paperlens.site.pages.lighten import lighten

NAME = "a" * 64


@pytest.mark.parametrize("form", ["png", "jpg"])
def test_a_page_shows_the_smaller_picture(tmp_path, form):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_images").mkdir()
    y, x = np.mgrid[0:160, 0:240]  # a grey photograph: slow changes and some noise
    light = 128 + 60 * np.sin(x / 30) + 50 * np.cos(y / 17) + np.random.default_rng(0).normal(0, 6, y.shape)
    picture = light.clip(0, 255).astype(np.uint8)[..., None].repeat(3, 2)
    Image.fromarray(picture).save(tmp_path / f"_images/{NAME}.{form}", quality=92)
    page = tmp_path / "chapters/x.html"
    page.write_text(f'<img src="../_images/{NAME}.{form}"><img src="../_images/by_hand.{form}">', "utf-8")
    lighten(tmp_path)
    size = 'width="240" height="160" decoding="async"'
    assert page.read_text("utf-8") == (
        f'<img src="../_images/{NAME}.webp" {size}><img src="../_images/by_hand.{form}">'
    )
    before, after = (
        np.asarray(Image.open(tmp_path / f"_images/{NAME}.{end}").convert("RGB"), float)
        for end in (form, "webp")
    )
    assert after.shape == before.shape
    assert np.abs(after - before).mean() <= (0 if form == "png" else 3)
