"""Pictures side by side, and details of them."""

import io
import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.figures import look

Image = Float[Tensor, "..."]


def pictures(shown: Mapping[str, Image], *, columns: int = 4, width: float = look.WIDTH) -> None:
    """Draw pictures side by side, each under its title, `columns` in a row.

    Small pictures are shown pixel for pixel, large ones averaged to the size they get: no figure aliases.

    `shown`: title -> `3 h w` (RGB) or `1 h w` (grey), 0 to 1; values outside are shown clipped. A notebook shows
    it at once, as JPEG, which is far smaller than PNG; elsewhere it is matplotlib's current figure. ValueError for
    an empty mapping and for another shape.
    """
    drawn(shown, columns=columns, width=width)
    if look.in_notebook():
        import matplotlib.pyplot as plt
        from IPython.display import Image as Shown
        from IPython.display import display

        file = io.BytesIO()
        plt.savefig(file, format="jpeg", pil_kwargs={"quality": 92, "subsampling": 0})
        plt.close()
        display(Shown(file.getvalue(), format="jpeg"))  # type: ignore[no-untyped-call]


def drawn(shown: Mapping[str, Image], *, columns: int = 4, width: float = look.WIDTH) -> None:
    """The same as matplotlib's current figure alone."""
    import matplotlib.pyplot as plt
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from paperlens.data.images import to_image

    if not shown:
        raise ValueError("expected at least one picture, found 0.")
    columns = min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    images = {title: to_image(tensor) for title, tensor in shown.items()}
    tallest = max(image.height / image.width for image in images.values())
    lines = max(title.count("\n") + 1 for title in images)
    height = rows * (width / columns * tallest + 0.2 * lines + 0.08)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    axes = plt.figure(figsize=(width, height), layout=layout).subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        axis.imshow(image, interpolation="auto", cmap="gray", vmin=0, vmax=255)
        axis.set_title(title)


def strip(
    views: Mapping[str, Image],
    crop: tuple[int, int, int],
    *,
    truth: str | None = None,
    border: int = 0,
    columns: int = 4,
) -> None:
    """The first picture whole with a frame, then the framed detail of every one.

    `views`: name -> `c h w`, all of one size, 0 to 1. `crop`: top, left and side of the detail in pixels. `truth`
    names the view that the others are held against: their titles then carry the PSNR (dB, all channels, `border`
    pixels cut) of the whole picture. ValueError for sizes that differ and a detail that lies outside.
    """
    from paperlens.metrics import psnr_each

    top, left, side = crop
    sizes = {tuple(view.shape) for view in views.values()}
    if len(sizes) != 1:
        raise ValueError(f"expected views of one size, found {sorted(sizes)}.")
    h, w = next(iter(sizes))[-2:]
    if min(top, left) < 0 or top + side > h or left + side > w:
        raise ValueError(f"a detail of {side} at ({top}, {left}) does not lie in a picture of {h} x {w}.")
    first = next(iter(views))
    framed = views[first].clone().clamp(0, 1)
    mark = torch.tensor((0.9, 0.62, 0.0)[: len(framed)])[:, None, None]
    thick = max(2, h // 120)
    for rows, columns_ in (
        (slice(top, top + thick), slice(left, left + side)),
        (slice(top + side - thick, top + side), slice(left, left + side)),
        (slice(top, top + side), slice(left, left + thick)),
        (slice(top, top + side), slice(left + side - thick, left + side)),
    ):
        framed[:, rows, columns_] = mark
    shown = {f"{first}, whole": _square(framed)}
    for name, view in views.items():
        title = name
        if truth is not None and name != truth:
            one, other = (
                v[None, :, border : h - border, border : w - border].double() for v in (view, views[truth])
            )
            title = f"{name}\n{float(psnr_each(one.clamp(0, 1), other, 1.0)[0]):.2f} dB"
        shown[title] = view[:, top : top + side, left : left + side]
    pictures(shown, columns=columns)


def _square(picture: Image) -> Image:
    """The picture on a white square, so that a strip's rows are of one height."""
    c, h, w = picture.shape
    side = max(h, w)
    whole = picture.new_ones(c, side, side)
    y, x = (side - h) // 2, (side - w) // 2
    whole[:, y : y + h, x : x + w] = picture
    return whole
