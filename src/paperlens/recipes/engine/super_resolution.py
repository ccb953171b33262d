"""What the recipes of single-image super-resolution share: pairs of pictures and a protocol.

Low-resolution pictures are made by the antialiased bicubic kernel and rounded to 8 bits, as a file would hold
them.
"""

import functools
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from paperlens.data.images import open_image, to_tensor
from paperlens.data.photograph_set import photographs
from paperlens.errors import UserError
from paperlens.metrics.protocol import luma
from paperlens.ops.eight_bit import eight_bit
from paperlens.ops.resample import bicubic
from paperlens.recipes.engine.recipe import Own, Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.train.crops import Crops

Pairs = tuple[tuple[str, Tensor, Tensor], ...]  # name, low, high
DIV2K = "DIV2K_train_HR"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
PREPARED = "x{scale}, low resolution by the antialiased bicubic kernel of Pillow, rounded to 8 bits"


def low_resolution(picture: Float[Tensor, "3 h w"], scale: int) -> tuple[Tensor, Tensor]:
    """The uint8 pair (low, high) of a picture, whose sides are cut to multiples of `scale`."""
    height, width = (side // scale * scale for side in picture.shape[-2:])
    high = picture[None, :, :height, :width].double()
    low = bicubic(high, 1 / scale)
    return eight_bit(low[0]), eight_bit(high[0])


@functools.cache
def pairs(split: str, scale: int) -> tuple[tuple[str, Tensor, Tensor], ...]:
    """(name, low, high) of every natural colour photograph of a split, uint8."""
    rows = photographs(split)
    return tuple((row["name"], *low_resolution(to_tensor(row["image"]), scale)) for row in rows)


def names(split: str) -> list[str]:
    """The photographs of a split."""
    return list(photographs(split)["name"])


def crops(split: str, scale: int, sizes: Callable[[int], tuple[int, int]]) -> Crops:
    """Training batches from the photographs of a split."""
    _, low, high = zip(*pairs(split, scale), strict=True)
    return Crops(low_res=low, high_res=high, scale=scale, sizes=sizes)


def div2k(folder: Path | None, scale: int, sizes: Callable[[int], tuple[int, int]]) -> Crops:
    """Training batches from DIV2K as its authors pack it; all of it is held in memory: about 9 GB for x2."""
    if folder is None:
        raise UserError("profile paper trains on DIV2K: give its folder with --data (DIV2K_train_HR inside).")
    files = sorted((folder / "DIV2K_train_HR").glob("*.png"))
    if not files:
        raise UserError(f"expected pictures in {folder / 'DIV2K_train_HR'}, found none; unpack DIV2K there.")
    high, low = list[Tensor](), list[Tensor]()
    for file in files:
        small = folder / "DIV2K_train_LR_bicubic" / f"X{scale}" / f"{file.stem}x{scale}.png"
        if not small.is_file():
            raise UserError(f"expected {small} beside {file.name}; unpack DIV2K_train_LR_bicubic_X{scale}.")
        low.append(eight_bit(to_tensor(Image.open(small))))
        height, width = (side * scale for side in low[-1].shape[-2:])
        high.append(eight_bit(to_tensor(Image.open(file)))[:, :height, :width])
    return Crops(low_res=low, high_res=high, scale=scale, sizes=sizes)


def in_folder(folder: Path) -> tuple[Path, ...]:
    """The pictures in a folder and below, by name; UserError where it holds fewer than two."""
    found = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS and not f.name.startswith("."))
    if len(found) < 2:
        raise UserError(
            f"{str(folder)!r} holds {len(found)} pictures ({', '.join(ENDINGS)}); one must train and one test."
        )
    return tuple(found)


def half(folder: Path, split: str) -> tuple[Path, ...]:
    """Every fifth picture tests, by a checksum of its file name, wherever it lies; at least one on each side."""
    files = in_folder(folder)
    numbers = {f: zlib.crc32(f.name.encode()) for f in files}
    tests = [f for f in files if numbers[f] % 5 == 0] or [min(files, key=lambda f: numbers[f])]
    if len(tests) == len(files):
        tests.remove(max(files, key=lambda f: numbers[f]))
    return tuple(f for f in files if (f in tests) == (split == "test"))


@functools.cache
def own_pairs(folder: Path, split: str, scale: int) -> Pairs:
    """(name, low, high) of the pictures of a split of a folder, uint8; UserError names a file that is no picture."""
    return tuple(
        (f.relative_to(folder).as_posix(), *low_resolution(to_tensor(open_image(f)), scale))
        for f in half(folder, split)
    )


def on_pictures(recipe: Recipe, own: Own, scale: int) -> Recipe:
    """A recipe on a folder of pictures: those that its file names choose test it. DIV2K's tree only trains it."""
    if own.target or own.guide:
        raise UserError(f"{recipe.name} takes pictures; --target and --guide belong to recipes on MR files.")
    if not own.folder.is_dir():
        raise UserError(f"{str(own.folder)!r} is no folder; give the folder that holds the pictures.")
    if (own.folder / DIV2K).is_dir():
        return recipe
    half(own.folder, "test")
    return replace(
        recipe,
        trains=f"{recipe.trains.rpartition(', on ')[0] or recipe.trains}, on pictures of one's own",
        pictures=lambda split: [f.relative_to(own.folder).as_posix() for f in half(own.folder, split)],
        score=lambda network, profile: scores(network, scale, own_pairs(own.folder, "test", scale)),
        protocol=f"{protocol(scale)}; a folder's pictures split by file name (a checksum: every fifth tests)",
    )


def from_folder(folder: Path | None, scale: int, sizes: Callable[[int], tuple[int, int]]) -> Crops:
    """Training batches from DIV2K's tree, or from any folder of pictures; all in memory."""
    if folder is None or (folder / DIV2K).is_dir():
        return div2k(folder, scale, sizes)
    _, low, high = zip(*own_pairs(folder, "train", scale), strict=True)
    patch = max(sizes(0)[1], 1)
    small = [one for one in low if min(one.shape[-2:]) < patch]
    if small:
        h, w = small[0].shape[-2:]
        raise UserError(
            f"a picture of {w * scale} x {h * scale} in {str(folder)!r} is smaller than a patch of {patch * scale} "
            f"({len(small)} are); leave small ones out or choose a smaller --profile."
        )
    return Crops(low_res=low, high_res=high, scale=scale, sizes=sizes)


def protocol(scale: int) -> str:
    """How the pictures were made and how they are scored, in words."""
    return f"{PREPARED.format(scale=scale)}; {luma(scale).describe()}; SSIM in Gaussian windows of 11 x 11"


def scores(network: nn.Module | None, scale: int, tested: Pairs | None = None) -> Scores:
    """PSNR (dB) and SSIM of every held-out photograph, or of `tested`; without a network, of bicubic enlargement."""
    result = Scores()
    measure = luma(scale)
    for name, low, high in pairs("test", scale) if tested is None else tested:
        restored, target = restore(network, low[None].float() / 255, scale), high[None].float() / 255
        result[name] = {
            "psnr": round(measure.psnr(restored, target).value, 4),
            "ssim": round(measure.ssim(restored, target).value, 5),
        }
    return result


@torch.no_grad()
def restore(
    network: nn.Module | None, low_res: Float[Tensor, "b 3 h w"], scale: int
) -> Float[Tensor, "b 3 sh sw"]:
    """A network's output in evaluation mode; bicubic enlargement without one."""
    if network is None:
        return bicubic(low_res, scale)
    device = next(network.parameters()).device
    restored: Tensor = network.eval()(low_res.to(device)).cpu()
    return restored
