"""Metrics against scikit-image and torchmetrics where they overlap, and by hand."""

import math
import sys
import types

import jaxtyping
import numpy as np
import pytest
import skimage.metrics
import torch

from paperlens.exercises.bank.metrics.ssim import slow_ssim, slow_ssim_uniform
from paperlens.metrics import (
    FASTMRI,
    PLAIN,
    Protocol,
    dice,
    luma,
    nmse,
    psnr,
    psnr_each,
    ssim,
    ssim_each,
    ssim_map,
)

# torchmetrics imports torchvision, whose operators are not built for a CPU build of torch; none is needed here.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
import torchmetrics.functional.image as tm  # noqa: E402


def _pair(b=2, c=3, h=17, w=22, *, data_range=1.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(b, c, h, w, generator=generator, dtype=dtype)
    noise = 0.1 * torch.randn(b, c, h, w, generator=generator, dtype=dtype)
    return (target + noise) * data_range, target * data_range


@pytest.mark.parametrize("data_range", [1.0, 255, 1e-3])
def test_psnr_is_that_of_others(data_range):
    x, y = _pair(data_range=data_range)
    each = psnr_each(x, y, data_range)
    for i in range(2):
        one, other = x[i].numpy(), y[i].numpy()
        assert each[i].item() == pytest.approx(
            skimage.metrics.peak_signal_noise_ratio(other, one, data_range=data_range)
        )
    theirs = tm.peak_signal_noise_ratio(
        x, y, data_range=float(data_range), dim=(1, 2, 3), reduction="elementwise_mean"
    )
    assert psnr(x, y, data_range).item() == pytest.approx(theirs.item())


@pytest.mark.parametrize("data_range", [1.0, 255, 1e-3])
def test_ssim_is_that_of_others(data_range):
    x, y = _pair(data_range=data_range)
    gaussian, uniform = (ssim_each(x, y, data_range, window) for window in ("gaussian", "uniform"))
    for i in range(2):
        arguments = {"data_range": data_range, "channel_axis": 0}
        one, other = x[i].numpy(), y[i].numpy()
        like_paper = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        theirs = skimage.metrics.structural_similarity(other, one, **arguments, **like_paper)
        assert gaussian[i].item() == pytest.approx(theirs, abs=1e-12)
        theirs = skimage.metrics.structural_similarity(other, one, **arguments)
        assert uniform[i].item() == pytest.approx(theirs, abs=1e-12)
    # torchmetrics averages over a reflected border too; where the window is whole, the maps agree.
    _, full = tm.structural_similarity_index_measure(
        x, y, data_range=float(data_range), return_full_image=True
    )
    assert torch.allclose(ssim_map(x, y, data_range), full[..., 5:-5, 5:-5], atol=1e-7)


def test_ssim_is_its_slow_definition_also_in_single_precision():
    x, y = _pair(1, 2, 13, 12)
    assert ssim(x, y, 1.0).item() == pytest.approx(slow_ssim(x, y, 1.0).item(), abs=1e-13)
    assert ssim(x, y, 1.0, "uniform").item() == pytest.approx(slow_ssim_uniform(x, y, 1.0).item(), abs=1e-13)
    single = ssim(x.float() * 255, y.float() * 255, 255)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(ssim(x, y, 1.0).item(), abs=1e-5)


def test_by_hand():
    y = torch.full((2, 1, 12, 12), 0.5, dtype=torch.float64)
    x = y + torch.tensor([0.1, 0.01], dtype=torch.float64).reshape(2, 1, 1, 1)
    assert psnr_each(x, y, 1.0).tolist() == pytest.approx([20, 40])
    assert psnr(x, y, 1.0).item() == pytest.approx(30)
    assert psnr(y, y, 1.0).item() == math.inf
    assert ssim(x[:1], y[:1], 1.0).item() == pytest.approx((2 * 0.3 + 1e-4) / (0.36 + 0.25 + 1e-4))
    assert nmse(
        torch.tensor([[3.0, 4.0], [1.0, 1.0]]), torch.tensor([[3.0, 0.0], [1.0, 0.0]])
    ).item() == pytest.approx((16 / 9 + 1) / 2)


def test_luma_protocol_sees_neither_border_nor_pure_colour():
    target = torch.full((1, 3, 24, 26), 0.5, dtype=torch.float64)
    border = target.clone()
    border[..., :4, :] = 1.0
    assert luma(4).psnr(border, target).value == math.inf
    assert luma(3).psnr(border, target).value < math.inf
    # 65.481 R + 24.966 B is kept: a shift of colour that leaves Y alone, up to rounding to 8 bits.
    colour = target.clone()
    colour[:, 0] += 0.1
    colour[:, 2] -= 0.1 * 65.481 / 24.966
    assert luma(4).psnr(colour, target).value > 55
    assert PLAIN.psnr(colour, target).value < 20


def test_luma_protocol_is_the_papers():
    x, y = _pair(h=31, w=28)
    one, other = ((t.clamp(0, 1) * 255).round().numpy()[0].transpose(1, 2, 0) for t in (x, y))
    weights = np.array([65.481, 128.553, 24.966]) / 255
    a, b = (image @ weights + 16 for image in (one, other))
    a, b = a[4:-4, 4:-4], b[4:-4, 4:-4]
    score = luma(4).psnr(x, y)
    assert score.each[0] == pytest.approx(10 * np.log10(255**2 / ((a - b) ** 2).mean()))
    theirs = skimage.metrics.structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert luma(4).ssim(x, y).each[0] == pytest.approx(theirs)


def test_fastmri_protocol_is_the_challenges():
    x, y = _pair(1, 5, 20, 23, data_range=3e-4)
    one, other = x[0].numpy(), y[0].numpy()
    theirs = skimage.metrics.peak_signal_noise_ratio(other, one, data_range=other.max())
    assert FASTMRI.psnr(x, y).value == pytest.approx(theirs)
    each = [
        skimage.metrics.structural_similarity(a, b, data_range=other.max())
        for a, b in zip(one, other, strict=True)
    ]
    assert FASTMRI.ssim(x, y).value == pytest.approx(np.mean(each))


def test_a_score_says_how_it_was_measured():
    x, y = _pair(h=31, w=28)
    assert str(luma(4).psnr(x, y)).endswith(
        " dB (Y of 8-bit RGB, range 255, 4 border pixels cut; mean of 2 images)"
    )
    assert "Gaussian 11 x 11 window" in str(PLAIN.ssim(x, y))
    assert "each target's maximum, uniform 7 x 7 window" in str(FASTMRI.ssim(x[:1], y[:1]))
    assert float(PLAIN.psnr(x, y)) == pytest.approx(psnr(x, y, 1.0).item())


def test_dice():
    one = torch.tensor([[[0, 1, 1], [2, 2, 0]], [[0, 0, 0], [0, 0, 0]]])
    other = torch.tensor([[[0, 1, 0], [2, 2, 2]], [[0, 0, 0], [0, 0, 1]]])
    assert dice(one, other, 4)[0].tolist() == pytest.approx([2 / 4, 2 / 3, 4 / 5, 1.0])
    assert dice(one, other, 4)[1].tolist() == pytest.approx([10 / 11, 0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="0 to 2 exceed 2 classes"):
        dice(one, other, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x, y: psnr(x, y[:1], 1.0), "differ in shape"),
        (lambda x, y: ssim(x, y[:, :1], 1.0), "differ in shape"),
        (lambda x, y: psnr(x, y, 0.0), "positive"),
        (lambda x, y: ssim(x[..., :10], y[..., :10], 1.0), r"11 x 11 does not fit into \(17, 10\)"),
        (lambda x, y: luma(9).psnr(x, y), "border of 9"),
        (lambda x, y: Protocol(colour="luma").psnr(x[:, :2], y[:, :2]), "3 channels"),
    ],
)
def test_refusals_name_the_numbers(call, words, monkeypatch):
    monkeypatch.setattr(
        jaxtyping.config, "jaxtyping_disable", True
    )  # outside tests nobody checks shapes before
    with pytest.raises(ValueError, match=words):
        call(*_pair())
