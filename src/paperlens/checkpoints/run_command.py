"""`paperlens run FILE in.png -o out.png`: a picture through the network in a checkpoint file."""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from paperlens.checkpoints.picture import OVERLAP, restore
from paperlens.checkpoints.systems import picture_system
from paperlens.checkpoints.tell import check_values, identify, network
from paperlens.checkpoints.weights import read
from paperlens.data.files import write
from paperlens.data.images import open_image, to_image, to_tensor
from paperlens.errors import UserError

LONGEST = {"JPEG": 65_500, "WEBP": 16_383}  # pixels a side that the format can say
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}


def main(argv: Sequence[str]) -> int:
    """Recognise the file, run it over the picture tile by tile, write the result."""
    parser = argparse.ArgumentParser(prog="paperlens run", description=__doc__)
    parser.add_argument("file", type=Path, help="a published .pth, .pt or .safetensors file")
    parser.add_argument("picture", type=Path, help="PNG, JPEG, WebP or TIFF")
    parser.add_argument("-o", "--out", type=Path, required=True, help=f"the result: {', '.join(FORMATS)}")
    parser.add_argument(
        "--system", help="where a file fits several: one of the names that `paperlens load` prints"
    )
    parser.add_argument(
        "--tile", type=int, help="side of a tile in pixels of the picture, default 256, for hat 128"
    )
    parser.add_argument("--overlap", type=int, default=OVERLAP, help=f"of two tiles, default {OVERLAP}")
    options = parser.parse_args(argv)
    if options.out.suffix.lower() not in FORMATS:
        raise UserError(f"cannot write {str(options.out)!r}; a picture ends in {', '.join(FORMATS)}.")

    if options.out.is_dir() or not options.out.absolute().parent.is_dir():
        found = (
            "is a folder"
            if options.out.is_dir()
            else f"lies in {str(options.out.parent)!r}, which is no folder"
        )
        raise UserError(
            f"cannot write {str(options.out)!r}: it {found}; give the path of a picture to be made."
        )

    image = open_image(options.picture)
    weights, fits = identify(options.file, read(options.file), options.system)
    fit = fits[0]
    check_values(options.file, weights, fit)
    system = picture_system(fit.system, network(options.file, weights, fit))
    tile = system.tile if options.tile is None else options.tile
    if tile < 1 or not 0 <= 2 * options.overlap <= tile:
        raise UserError(f"overlap {options.overlap} must be from 0 to half of tile {tile}.")
    kind = FORMATS[options.out.suffix.lower()]
    longest = system.scale * max(image.size)
    if longest > LONGEST.get(kind, longest):
        raise UserError(
            f"the result would be {longest:,} pixels long, and {kind} ends at {LONGEST[kind]:,}; "
            "write a .png or .tif, or shrink the picture."
        )
    print(f"{options.file.name}: {fit.name}, {fit.parameters:,} parameters", file=sys.stderr)

    if system.note:
        print(system.note, file=sys.stderr)
    colour = not _grey(image)
    if system.channels == 1 and colour:
        print(
            f"{fit.system} here reads grey; the picture is in colour, its brightness was taken.",
            file=sys.stderr,
        )
    if system.channels == 3 and not colour:
        print(
            f"{fit.system} here reads colour; the picture is grey and was repeated in all three.",
            file=sys.stderr,
        )
    tensor = to_tensor(image.convert("L"))[:1] if system.channels == 1 else to_tensor(image)
    restored = restore(system, tensor, tile, options.overlap, progress=True)
    if not torch.isfinite(restored).all():
        raise UserError(
            f"{fit.name} made values that are not finite of this picture; are its weights damaged?"
        )
    result = io.BytesIO()
    to_image(restored).save(result, kind)
    write(options.out, result.getvalue())
    print(f"{options.out}: {restored.shape[2]} x {restored.shape[1]} pixels", file=sys.stderr)
    return 0


def _grey(image: Image.Image) -> bool:
    red, green, blue = (channel.tobytes() for channel in image.split())
    return red == green == blue
