"""Two versions of one picture under a divider that the reader moves.

The output holds three forms: an ipywidgets control for JupyterLab, application/vnd.paperlens.compare+json for the page
({"before", "after": JPEG in base64, "labels": [left, right], "alt", "width", "height"}), and text.
"""

import base64
import io
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from paperlens.figures import look

MIME = "application/vnd.paperlens.compare+json"


def before_after(
    before: Float[Tensor, "c _ _"], after: Float[Tensor, "c _ _"], labels: tuple[str, str], alt: str
) -> None:
    """Display both pictures (`3 h w` or `1 h w`, 0 to 1, one size), `before` on the left of the divider.

    `labels`: what each side is; `alt`: what a reader who does not see them would miss. ValueError where sizes differ.
    """
    from paperlens.data.images import to_image

    if before.shape != after.shape:
        raise ValueError(f"expected two pictures of one size, found {[*before.shape]} and {[*after.shape]}.")
    h, w = before.shape[-2:]
    files = [_jpeg(to_image(one)) for one in (before, after)]
    bundle: dict[str, Any] = {
        MIME: {
            "before": base64.b64encode(files[0]).decode(),
            "after": base64.b64encode(files[1]).decode(),
            "labels": list(labels),
            "alt": alt,
            "width": w,
            "height": h,
        },
        "text/plain": f"{labels[0]} | {labels[1]}: {alt}",
    }
    look.publish(_control(before, after, labels) | bundle if look.in_notebook() else bundle)


def _control(before: Tensor, after: Tensor, labels: tuple[str, str]) -> dict[str, Any]:
    import ipywidgets as widgets

    from paperlens.data.images import to_image

    w = before.shape[-1]
    image = widgets.Image(format="jpeg")
    divider = widgets.IntSlider(
        value=50, min=0, max=100, description=f"{labels[0]} | {labels[1]}", readout=False,
        style={"description_width": "initial"}, layout={"width": f"{max(w, 320)}px"},
    )  # fmt: skip

    def drawn(share: int) -> bytes:
        at = round(w * share / 100)
        whole = torch.cat([before[..., :at], after[..., at:]], -1).clone()
        whole[..., max(0, at - 1) : at + 1] = 1.0
        return _jpeg(to_image(whole))

    image.value = drawn(50)
    divider.observe(lambda change: setattr(image, "value", drawn(change["new"])), names="value")
    bundle: dict[str, Any] = widgets.VBox([image, divider])._repr_mimebundle_()
    return {form: bundle[form] for form in bundle if form.endswith("widget-view+json")}


def _jpeg(image: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88, subsampling=0)
    return file.getvalue()
