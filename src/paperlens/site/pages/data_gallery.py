"""The figures of the data page: photographs with credit, the phantom, and words for who cannot see them."""

import html

from paperlens.data.photograph_set import card
from paperlens.site.pages.data_pictures import COLOURS, SHOWN_WIDTH

ALT = {  # what a reader who does not see the photograph would miss
    "astronaut": "A smiling woman in an orange space suit before a flag and a model of the space shuttle.",
    "china": "A pavilion with curved roofs in many colours above trees and a hazy lake.",
    "motorcycle_left": "A red motorcycle in a workshop full of shelves, tools and boxes.",
    "motorcycle_right": "The same motorcycle from a little further right: near things have moved more than far ones.",
    "chelsea": "The face of a tabby cat, its whiskers and fur in fine lines.",
    "coffee": "A red cup of coffee on a saucer with a spoon, on a wooden table.",
    "flower": "An orange dahlia with rows of small petals before dark green leaves.",
    "rocket": "A rocket between the towers of its launch pad at dusk, lit by lamps.",
    "brick": "A wall of long bricks with light joints, seen slanted, in grey.",
    "camera": "A man in a dark coat behind a camera on a tripod, in grey.",
}


PHANTOM = {  # picture -> caption, and what a reader who does not see it would miss
    "t1": (
        "T1 (MPRAGE), 3 T",
        "A plane through the brain: white matter is bright, gray matter darker, fluid black.",
    ),
    "t2": (
        "T2 (spin echo), 3 T",
        "The same plane: fluid in the ventricles and sulci is bright, gray matter middling, white matter dark.",
    ),
    "pd": (
        "Proton density, 3 T",
        "The same plane: everything is of nearly one brightness, gray a little above white.",
    ),
    "flair": (
        "FLAIR, 3 T",
        "The same plane: fluid is black, gray and white matter are nearly alike, lesions in white matter are bright.",
    ),
    "labels": (
        "Tissue labels",
        "The same plane in five flat colours: the folded ribbon of gray matter around white matter, fluid between.",
    ),
    "labels_coarse": (
        "The labels at a quarter of the side",
        "The same labels in blocks sixteen times as large: narrow sulci and thin cortex are gone or broken.",
    ),
    "low_t1": (
        "T1 (short inversion recovery), 0.05 T",
        "The same plane at low field: grainy, the tissues hard to tell apart.",
    ),
    "low_t2": (
        "T2 (spin echo), 0.05 T",
        "The same plane at low field: fluid is bright, the rest one grainy gray.",
    ),
}


def photographs() -> str:
    """The shipped pictures with credit, licence and split, as figures that wrap on a narrow page."""
    shown = []
    for row in card():
        size = f"{row['width']} x {row['height']}"
        use = "trains" if row["split"] == "train" else "tests"
        grey = ", grey" if row["kind"] == "grey" else ""
        height = round(row["height"] * SHOWN_WIDTH / row["width"])
        place = f"_static/pictures/photograph_{row['name']}.webp"
        title, credit, licence = (html.escape(row[fact]) for fact in ("title", "credit", "licence"))
        alt = html.escape(ALT[row["name"]])
        shown.append(
            f'<figure><img src="{place}" width="{SHOWN_WIDTH}" height="{height}" loading="lazy" alt="{alt}">'
            f"<figcaption><strong>{row['name']}</strong> ({use}{grey}, {size}). {title}. {credit}; {licence}."
            "</figcaption></figure>"
        )
    return _raw('<div class="pl-gallery">' + "".join(shown) + "</div>")


def phantom() -> str:
    """One plane of one subject in all contrasts, two of them at low field, and its labels, with their key."""
    shown = [
        f'<figure><img src="_static/pictures/phantom_{name}.webp" width="384" height="432" loading="lazy" '
        f'alt="{html.escape(alt)}"><figcaption>{html.escape(caption)}</figcaption></figure>'
        for name, (caption, alt) in PHANTOM.items()
    ]
    names = ("background", "fluid", "gray matter", "white matter", "lesion")
    key = "".join(
        f'<li><span style="background: rgb{colour}"></span>{name}</li>'
        for name, colour in zip(names, COLOURS, strict=True)
    )
    return _raw(
        f'<div class="pl-gallery pl-brains">{"".join(shown)}</div>'
        f'<ul class="pl-key" aria-label="Colours of the labels">{key}</ul>'
    )


def _raw(text: str) -> str:
    return f"```{{raw}} html\n{text}\n```\n"
