"""Levers and dividers on the page: a notebook's control becomes plain HTML over pictures drawn beforehand.

Without JavaScript the first state and the table stay; `static/paperlens.js` turns the range into a stepper.
Pictures are written into the HTML here and laid beside the page by `pages/lighten.py`, so that a state is loaded
when it is shown.
"""

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

from PIL import Image

from paperlens.errors import UserError

# As paperlens.figures.levers.MIME and sliders.MIME, which are not imported here: a prose edit must not wait for torch.
LEVER = "application/vnd.paperlens.lever+json"
COMPARE = "application/vnd.paperlens.compare+json"
STATES, BYTES = 24, 300_000  # of one lever
QUALITIES = (92, 84, 74, 62)


def html(data: dict[str, Any]) -> str | None:
    """The page's form of one output's data, or None where it holds neither; UserError for a lever that is too heavy."""
    if LEVER in data:
        return lever(data[LEVER])
    return compare(data[COMPARE]) if COMPARE in data else None


def lever(said: dict[str, Any]) -> str:
    """A range over the states, each a picture and a sentence, and the table of all of them."""
    label, states = str(said["label"]), said["states"]
    if not 2 <= len(states) <= STATES:
        raise UserError(f"the lever {label!r} has {len(states)} states; it may have 2 to {STATES}.")
    pictures = _encoded(label, [base64.b64decode(state["image"]) for state in states])
    shown = "".join(
        f'<div class="pl-state" data-value="{escape(str(state["value"]))}"{" hidden" if number else ""}>'
        f"{_picture(*picture, _words(label, state))}<p>{escape(str(state['text']))}</p></div>"
        for number, (state, picture) in enumerate(zip(states, pictures, strict=True))
    )
    first = escape(str(states[0]["value"]))
    return (
        f'<figure class="pl-lever"><label class="pl-slide pst-js-only"><span>{escape(label)}</span>'
        f'<input type="range" min="0" max="{len(states) - 1}" value="0" aria-valuetext="{first}">'
        f"<output>{first}</output></label>"
        f'<div class="pl-states" aria-live="polite">{shown}</div>'
        f"<details><summary>All states as a table</summary>{_table(said['table'])}</details></figure>"
    )


def compare(said: dict[str, Any]) -> str:
    """Two pictures under a divider; without JavaScript each shows its half."""
    left, right = (escape(str(label)) for label in said["labels"])
    alt, width, height = escape(str(said["alt"])), int(said["width"]), int(said["height"])
    before, after = (
        f'<img src="data:image/jpeg;base64,{said[side]}" width="{width}" height="{height}" alt="{words}">'
        for side, words in (("before", f"{left}. {alt}"), ("after", f"{right}. {alt}"))
    )
    return (
        f'<figure class="pl-compare" style="--at: 50%"><div class="pl-frames" style="aspect-ratio: {width} / {height}">'
        f'{after}<div class="pl-above">{before}</div>'
        f'<span class="pl-side pl-left" aria-hidden="true">{left}</span>'
        f'<span class="pl-side pl-right" aria-hidden="true">{right}</span></div>'
        '<label class="pl-slide pst-js-only"><span>Move the divider</span><input type="range" min="0" max="100" '
        f'value="50" aria-label="Share of the picture that shows {left}, in percent"></label></figure>'
    )


def _words(label: str, state: dict[str, Any]) -> str:
    return f"{label} {state['value']}. {state['text']}".strip()


def _picture(data: bytes, size: tuple[int, int], alt: str) -> str:
    source = base64.b64encode(data).decode()
    form = f'width="{size[0]}" height="{size[1]}" alt="{escape(alt)}" loading="lazy"'
    return f'<img src="data:image/webp;base64,{source}" {form}>'


def _encoded(label: str, pictures: Sequence[bytes]) -> list[tuple[bytes, tuple[int, int]]]:
    """All states as WebP of the best quality that keeps the lever within its bytes."""
    opened = [Image.open(BytesIO(picture)).convert("RGB") for picture in pictures]
    total = 0
    for quality in (None, *QUALITIES):
        files = []
        for image in opened:
            file = BytesIO()
            image.save(
                file, "WEBP", method=4, **({"lossless": True} if quality is None else {"quality": quality})
            )
            files.append(file.getvalue())
        total = sum(map(len, files))
        if total <= BYTES:
            return [(file, image.size) for file, image in zip(files, opened, strict=True)]
    raise UserError(
        f"the lever {label!r} weighs {total} bytes over {len(pictures)} states, at most {BYTES} are allowed; "
        "draw fewer states or smaller pictures."
    )


def _table(rows: Sequence[Sequence[Any]] | str) -> str:
    if isinstance(rows, str):  # written for a terminal
        return f"<pre>{escape(rows)}</pre>"
    head, *body = [[escape(str(cell)) for cell in row] for row in rows]
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body)
    names = "".join(f"<th>{cell}</th>" for cell in head)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"
