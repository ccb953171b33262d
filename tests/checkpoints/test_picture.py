"""Tiles: one tile is the network itself, several agree with it, none is larger than asked for."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from paperlens.checkpoints import picture
from paperlens.checkpoints.picture import blend, enlarged, restore, spans
from paperlens.checkpoints.recognise import recognise
from paperlens.checkpoints.systems import PictureSystem, picture_system
from paperlens.checkpoints.weights import read
from paperlens.data import open_image, path, to_tensor
from paperlens.data.photograph_set import card
from paperlens.errors import UserError
from paperlens.models import CATALOGUE, build

PICTURES = [name for name, entry in CATALOGUE.items() if entry.call]
FINAL = {"maxim": -1, "mimo_unet": 2, "mprnet": 0}  # of several images
WHITE = {"elan": 255, "mhca": 255}


def system(name, preset="tiny", **overrides):
    torch.manual_seed(0)
    network = build(name, preset, **overrides).eval()
    for parameter in network.parameters():  # what starts at zero (NAFNet's scales) would hide the network
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return picture_system(name, network)


@pytest.mark.parametrize("size", [(33, 21), (5, 40)], ids=str)
@pytest.mark.parametrize("name", PICTURES)
def test_any_size_goes_in_and_its_multiple_comes_out(name, size):
    one = system(name)
    image = torch.rand(one.channels, *size)
    restored = restore(one, image)
    assert restored.shape == (one.channels, size[0] * one.scale, size[1] * one.scale)
    assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", PICTURES)
def test_one_tile_is_the_network(name):
    """At a size that needs no padding, in the range that the network works in, the final one of its images."""
    one = system(name)
    image = torch.rand(1, one.channels, 48, 32)
    with torch.inference_mode():
        white = WHITE.get(name, 1)
        given = one.network(image * white)
        expected = (given[FINAL[name]] if name in FINAL else given) / white
    assert torch.equal(restore(one, image[0], tile=48, overlap=16), expected[0])


def test_the_networks_own_padding_is_the_same():
    one = system("swinir")
    image = torch.rand(1, 3, 19, 13)
    with torch.inference_mode():
        torch.testing.assert_close(restore(one, image[0])[None], one.network(image), rtol=0, atol=1e-6)


def test_convolutions_agree_with_the_whole_beyond_their_reach():
    """EDSR tiny reaches 8 pixels, so that 8 pixels inside both tiles the blend is of two equal values."""
    one = system("edsr")
    image = torch.rand(3, 80, 72)
    whole, tiled = restore(one, image), restore(one, image, tile=64, overlap=32)
    inner = (slice(None), slice(2 * 27, 2 * 53), slice(2 * 19, 2 * 53))
    torch.testing.assert_close(tiled[inner], whole[inner], rtol=0, atol=1e-6)


def test_attention_tiles_agree_with_the_whole():
    """A trained SwinIR on a photograph: within one level of 255 at an overlap of two windows, not without one."""
    weights = read(path("checkpoints/swinir.safetensors"))[0]
    (fit,) = recognise(weights.shapes)
    one = picture_system(fit.system, fit.build(weights.state))
    image = to_tensor(open_image(path(f"photographs/{card()[0]['file']}")))[:, :96, :128]
    whole = restore(one, image)
    far, near = (float((restore(one, image, tile=48, overlap=o) - whole).abs().max()) for o in (0, 16))
    assert near < 1 / 255 < far


def test_no_tile_is_larger_than_asked_for(capsys):
    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.sizes = []

        def forward(self, image):
            self.sizes.append(tuple(image.shape))
            return image

    one = PictureSystem(
        network=Watched(),
        channels=3,
        scale=1,
        multiple=8,
        border="reflect",
        value_range=1.0,
        output=None,
        tile=256,
        note=None,
    )
    image = torch.rand(3, 300, 203)
    torch.testing.assert_close(restore(one, image, tile=60, overlap=10, progress=True), image)
    assert set(one.network.sizes) == {(1, 3, 64, 64)}
    assert f"{len(one.network.sizes)}/{len(one.network.sizes)}" in capsys.readouterr().err


@pytest.mark.parametrize("length", [8, 64, 72, 200])
@pytest.mark.parametrize(("tile", "overlap"), [(64, 0), (64, 16), (64, 32), (8, 0)])
def test_spans_cover_in_order_and_share_the_overlap(length, tile, overlap):
    found = list(spans(length, tile, overlap, 8))
    assert found[0].start == 0
    assert found[-1].stop == length
    assert {span.stop - span.start for span in found} == {min(tile, length)}
    assert all(a.stop - b.start >= overlap and a.start < b.start for a, b in pairwise(found))
    assert all(span.start % 8 == 0 for span in found)
    total = torch.zeros(3 * length)
    for span, weight in zip(found, blend(found, overlap, 3), strict=True):
        assert (weight > 0).all()
        total[enlarged(span, 3)] += weight
    torch.testing.assert_close(total, torch.ones(3 * length))


def test_a_result_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(picture, "MAX_PIXELS", 1000)
    with pytest.raises(UserError, match="would have 1,600 pixels, more than 1,000"):
        restore(system("edsr"), torch.rand(3, 20, 20))


@pytest.mark.parametrize(("tile", "overlap"), [(0, 0), (32, 17), (32, -1)])
def test_tiles_that_make_no_sense(tile, overlap):
    with pytest.raises(ValueError, match=f"overlap {overlap} must be 0 to half of tile {tile}"):
        restore(system("edsr"), torch.rand(3, 20, 20), tile=tile, overlap=overlap)


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("ttsr", {}, "takes a reference picture too"),
        ("mmhca", {}, "takes two registered contrasts"),
        ("restormer", {"in_channels": 6, "dual_pixel": True}, "takes 6 channels"),
    ],
)
def test_what_needs_more_than_a_picture(name, overrides, said):
    with pytest.raises(UserError, match=said):
        system(name, **overrides)
