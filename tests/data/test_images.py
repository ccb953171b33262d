"""A picture becomes a tensor and comes back; a file that is no plain picture gets a sentence."""

import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from paperlens.data import open_image, to_image, to_tensor
from paperlens.errors import UserError

PIXELS = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3) * 8  # h != w, every value its own


def test_range_order_and_axes():
    tensor = to_tensor(PIXELS)
    assert tensor.dtype == torch.float32 and tensor.shape == (3, 2, 5)
    assert tensor[2, 1, 4] == PIXELS[1, 4, 2] / np.float32(255)
    assert torch.equal(tensor, to_tensor(Image.fromarray(PIXELS)))


def test_there_and_back_is_exact_for_all_levels():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(np.asarray(to_image(to_tensor(levels)))[..., 1], levels)
    assert to_image(to_tensor(levels)[:1]).mode == "L"


def test_grey_is_repeated():
    grey = PIXELS[..., 0]
    for form in (grey, grey[..., None], Image.fromarray(grey)):
        tensor = to_tensor(form)
        assert tensor.shape == (3, 2, 5) and torch.equal(tensor[0], tensor[2])


def test_values_out_of_range_are_clipped_and_others_rounded():
    assert np.asarray(to_image(torch.tensor([[[-0.5, 0.4999 / 255, 0.5001 / 255, 1.7]]]))).tolist() == [
        [0, 0, 1, 255]
    ]


def test_the_source_is_not_changed():
    before = PIXELS.copy()
    to_tensor(PIXELS).add_(1)
    assert np.array_equal(PIXELS, before)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (PIXELS.astype(np.float32), "float32"),
        (PIXELS.astype(np.uint16), "uint16"),
        (np.zeros((2, 5, 4), np.uint8), r"\(2, 5, 4\)"),
        (np.zeros((1, 2, 5, 3), np.uint8), r"\(1, 2, 5, 3\)"),
        (np.zeros((0, 5, 3), np.uint8), r"\(0, 5, 3\)"),
    ],
)
def test_another_array_is_refused_with_what_was_found(array, found):
    with pytest.raises(ValueError, match=found):
        to_tensor(array)


def test_another_tensor_is_refused_with_what_was_found():
    with pytest.raises(ValueError, match=r"\(2, 4, 4\)"):
        to_image(torch.zeros(2, 4, 4))
    with pytest.raises(ValueError, match="1 that are not"):
        to_image(torch.tensor([[[0.0, float("nan")]]]))


def save(folder, image, name, **options):
    image.save(folder / name, **options)
    return folder / name


def test_palette_opaque_alpha_and_grey_files_have_one_right_answer(tmp_path):
    rgb = Image.fromarray(PIXELS)
    assert open_image(save(tmp_path, rgb.quantize(16), "p.png")).mode == "RGB"
    rgba = rgb.copy()
    rgba.putalpha(255)
    assert np.array_equal(np.asarray(open_image(save(tmp_path, rgba, "a.png"))), PIXELS)
    assert open_image(save(tmp_path, rgb.convert("L"), "l.png")).mode == "RGB"


def test_exif_rotation_is_applied_once(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    file = save(tmp_path, Image.fromarray(PIXELS), "turned.png", exif=exif)
    upright = open_image(file)
    assert np.array_equal(np.asarray(upright), np.rot90(PIXELS, -1))
    assert torch.equal(to_tensor(upright), to_tensor(Image.open(file)))


@pytest.mark.parametrize(
    ("mode", "name", "found"),
    [
        ("CMYK", "print.jpg", "CMYK"),
        ("I;16", "deep.png", "I;16"),
        ("F", "float.tiff", "mode F"),
        ("LAB", "lab.tiff", "LAB"),
    ],
)
def test_a_mode_that_would_need_a_guess_is_refused(tmp_path, mode, name, found):
    with pytest.raises(UserError, match=found):
        open_image(save(tmp_path, Image.new(mode, (5, 2)), name))


def test_transparency_is_refused(tmp_path):
    with pytest.raises(UserError, match="transparent"):
        open_image(save(tmp_path, Image.new("RGBA", (5, 2), (9, 9, 9, 128)), "glass.png"))


def test_no_file_no_picture_and_half_a_picture(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        open_image(tmp_path / "missing.png")
    with pytest.raises(UserError, match="there is no file"):
        open_image(tmp_path)
    (tmp_path / "text.png").write_text("this is not a picture")
    with pytest.raises(UserError, match="not a picture"):
        open_image(tmp_path / "text.png")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = save(tmp_path, noise, "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="cut short"):
        open_image(tmp_path / "half.jpg")


@pytest.mark.parametrize("side", [8_001, 20_000], ids=["above our limit", "above Pillow's"])
def test_a_decompression_bomb_is_not_decoded(tmp_path, side):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    (tmp_path / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    with pytest.raises(UserError, match="pixels"):
        open_image(tmp_path / "bomb.png")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on tags it skips
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["png", "jpeg", "tiff", "gif", "webp", "bmp"]), st.randoms(use_true_random=False))
def test_a_damaged_file_is_a_picture_or_a_sentence(tmp_path_factory, form, random):
    file = tmp_path_factory.mktemp("damaged") / f"picture.{form}"
    Image.fromarray(PIXELS).save(file)
    content = bytearray(file.read_bytes())
    for _ in range(random.randint(1, 8)):
        content[random.randrange(len(content))] = random.randrange(256)
    file.write_bytes(content)
    try:
        assert open_image(file).mode == "RGB"
    except UserError as error:
        assert "\n" not in str(error)
