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


def profile_file(tmp_path, pixels, primaries="Display P3"):
    """A PNG whose profile has Display P3's primaries and sRGB's curve, built by the colour engine itself."""
    from PIL import ImageCms

    white, red, green, blue = (0.3127, 0.3290), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)

    def xyz(xy):
        return np.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])

    columns = np.stack([xyz(red), xyz(green), xyz(blue)], 1)
    rgb_to_xyz = columns * np.linalg.solve(columns, xyz(white))
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1.0, 0.8249])
    gain = (bradford @ d50) / (bradford @ xyz(white))
    adapted = np.linalg.inv(bradford) @ np.diag(gain) @ bradford @ rgb_to_xyz
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack(">I", profile[128:132])[0]):
        at = 132 + 12 * index
        name, offset, size = struct.unpack(">4sII", profile[at : at + 12])
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            column = adapted[:, b"rgb".index(name[:1])]
            profile[offset + 8 : offset + 20] = struct.pack(">3i", *(round(v * 65536) for v in column))
        if name == b"desc":
            profile[offset + 8 : offset + size] = bytes(profile[offset + 8 : offset + size]).replace(
                "sRGB".encode("utf-16-be"), "wide".encode("utf-16-be")
            )
    Image.fromarray(pixels).save(tmp_path / "wide.png", icc_profile=bytes(profile))
    return tmp_path / "wide.png", rgb_to_xyz


def test_a_colour_profile_is_followed_into_srgb(tmp_path):
    """Against the definition: P3 light to XYZ to sRGB light, for colours that both can show."""
    pixels = np.array([[[200, 100, 50], [60, 120, 180], [128, 128, 128]]], np.uint8)
    path, p3_to_xyz = profile_file(tmp_path, pixels)
    srgb_to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    v = pixels / 255
    light = (
        np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
        @ (np.linalg.inv(srgb_to_xyz) @ p3_to_xyz).T
    )
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    found = np.asarray(open_image(path))
    assert np.abs(found - expected).max() < 1.5
    assert np.abs(found[0, 0].astype(int) - pixels[0, 0]).max() > 5, "the profile changed nothing: no test"
    assert "icc_profile" not in open_image(path).info


def test_the_profile_srgb_changes_no_pixel(tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(PIXELS).save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(np.asarray(open_image(tmp_path / "a.png")), PIXELS)


def test_a_profile_that_is_none_is_told(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png", icc_profile=b"no profile at all")
    with pytest.raises(UserError, match="its colour profile cannot be followed"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_several_frames_or_pages_are_refused(tmp_path, ending):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:])
    with pytest.raises(UserError, match="holds 2 frames or pages, a picture is one"):
        open_image(tmp_path / f"a.{ending}")
    frames[0].save(tmp_path / f"b.{ending}", save_all=True)
    assert open_image(tmp_path / f"b.{ending}").size == (5, 2)


def test_a_telephones_photograph_with_a_preview_is_one_picture(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / "a.mpo", save_all=True, append_images=frames[1:])
    assert open_image(tmp_path / "a.mpo").size == (5, 2)
