"""Each degradation against its definition or its statistics, and repeatable from the generator's seed."""

import io
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from paperlens.ops.resample import bicubic
from paperlens.physics.blur import blur, gaussian_kernel, motion_kernel, random_gaussian_kernel
from paperlens.physics.camera import gaussian_noise, jpeg, low_light, poisson_noise
from paperlens.physics.degrade import classical, crop_to_multiple, downsample
from paperlens.physics.geometry import bend, move
from paperlens.physics.weather import rain, reflection


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def picture(b: int = 2, h: int = 48, w: int = 40) -> torch.Tensor:
    y, x = torch.linspace(0, 3, h)[:, None], torch.linspace(0, 4, w)[None, :]
    wave = torch.stack([0.5 + 0.4 * torch.sin(k * x + y) * torch.cos(k * y) for k in (1, 2, 3)])
    return wave.expand(b, -1, -1, -1).contiguous()


RANDOM = {
    "gaussian": lambda x, g: gaussian_noise(x, 0.1, g),
    "poisson": lambda x, g: poisson_noise(x, 50, g),
    "low light": low_light,
    "rain": rain,
    "reflection": lambda x, g: reflection(x, x.flip(-1), g, misalignment=2).target,
    "bend": lambda x, g: bend(x, g, 2),
    "classical": lambda x, g: classical(x, 2, g),
}


@pytest.mark.parametrize("name", RANDOM)
def test_pure_repeatable_and_in_range(name: str) -> None:
    image = picture()
    before = image.clone()
    first, again, other = (RANDOM[name](image, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(image, before)
    assert first.dtype == image.dtype
    assert 0 <= first.min() <= first.max() <= 1


@given(st.sampled_from([3, 9, 21]), st.floats(0.5, 4), st.floats(0.5, 4), st.floats(0, 3))
@settings(deadline=None)
def test_gaussian_kernels_sum_to_one_and_are_symmetric(size: int, a: float, b: float, angle: float) -> None:
    kernel = gaussian_kernel(size, a, b, angle)
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(kernel, kernel.flip(0, 1))


def test_gaussian_kernel_lies_along_its_angle() -> None:
    y, x = torch.meshgrid(*(torch.arange(21.0) - 10,) * 2, indexing="ij")
    kernel = gaussian_kernel(21, 3.0, 1.0, math.pi / 6)
    covariance = [[float((kernel * a * b).sum()) for a in (x, y)] for b in (x, y)]
    values, vectors = np.linalg.eigh(np.array(covariance))
    assert values == pytest.approx([1, 9], rel=0.03)
    assert abs(vectors[:, 1] @ [math.cos(math.pi / 6), math.sin(math.pi / 6)]) == pytest.approx(1, abs=1e-3)


@given(st.integers(0, 500))
@settings(deadline=None, max_examples=30)
def test_motion_kernels_fit_and_stay_centred(seed: int) -> None:
    kernel = motion_kernel(seeded(seed))
    axis = torch.arange(21.0) - 10
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-5)
    assert kernel.min() >= 0
    assert abs(float((kernel.sum(0) * axis).sum())) < 0.1
    assert abs(float((kernel.sum(1) * axis).sum())) < 0.1
    assert int((kernel > 0).sum()) > 5


def test_random_kernels_stay_in_their_range() -> None:
    kernels = [random_gaussian_kernel(seeded(s), size=25) for s in range(20)]
    y, x = torch.meshgrid(*(torch.arange(25.0) - 12,) * 2, indexing="ij")
    spread = [float((k * (x**2 + y**2)).sum()) for k in kernels]
    assert 2 * 0.5**2 < min(spread) < max(spread) < 2 * 3.1**2


def test_blur_by_a_slow_loop_and_keeps_a_constant() -> None:
    image, kernel = picture(1, 9, 7), motion_kernel(seeded(3), size=5)
    padded = np.pad(image[0, 1].numpy(), 2, mode="reflect")
    slow = np.zeros((9, 7))
    for y in range(9):
        for x in range(7):
            slow[y, x] = (padded[y : y + 5, x : x + 5] * kernel.numpy()).sum()
    np.testing.assert_allclose(blur(image, kernel)[0, 1].numpy(), slow, atol=1e-6)
    flat = torch.full((1, 3, 9, 8), 0.3)
    torch.testing.assert_close(blur(flat, kernel), flat)


def test_gaussian_noise_has_its_spread() -> None:
    gray = torch.full((1, 3, 200, 200), 0.5, dtype=torch.float64)
    noise = gaussian_noise(gray, 0.05, seeded()) - gray
    assert float(noise.std()) == pytest.approx(0.05, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=1e-3)
    assert float((noise[0, 0] * noise[0, 1]).mean()) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("value", [0.1, 0.4])
def test_poisson_variance_is_the_mean_over_the_photons(value: float) -> None:
    gray = torch.full((1, 1, 300, 300), value)
    noisy = poisson_noise(gray, 100, seeded())
    assert float(noisy.mean()) == pytest.approx(value, rel=0.02)
    assert float(noisy.var()) == pytest.approx(value / 100, rel=0.05)


def test_low_light_darkens_by_the_exposure_in_linear_light() -> None:
    gray = torch.full((1, 3, 100, 100), 0.8)
    dark = low_light(gray, seeded(), exposure=0.1, photons=1e6, read_noise=0)
    assert float(dark.mean()) == pytest.approx(0.8 * 0.1 ** (1 / 2.2), rel=0.01)
    noisy = low_light(gray, seeded(), exposure=0.1)
    assert noisy.std() > 5 * dark.std()


def test_jpeg_is_pillows_own() -> None:
    image = picture(1)
    pixels = image[0].mul(255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=20)
    expected = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1) / 255
    torch.testing.assert_close(jpeg(image, 20)[0], expected)
    worse, better = ((jpeg(image, q) - image).abs().mean() for q in (5, 90))
    assert worse > 3 * better
    assert jpeg(image[:, :1], 50).shape == (1, 1, 48, 40)


def test_rain_only_adds_light_and_more_with_density() -> None:
    image = 0.5 * picture(1, 80, 80)
    light, heavy = (rain(image, seeded(), density=d) - image for d in (0.002, 0.02))
    assert light.min() >= -1e-6
    assert 0 < light.mean() < heavy.mean()
    streaks = light[0, 0]
    assert streaks.diff(dim=0).abs().mean() < streaks.diff(dim=1).abs().mean()  # nearly vertical


def test_reflection_by_its_formula_aligned_and_not() -> None:
    scene, room = picture(1), picture(1).flip(-2)
    pair = reflection(scene, room, seeded(), strength=0.3, defocus=2)
    expected = (0.7 * scene + 0.3 * blur(room, gaussian_kernel(13, 2.0))).clamp(0, 1)
    torch.testing.assert_close(pair.mixture, expected)
    assert torch.equal(pair.target, scene)
    moved = reflection(scene, room, seeded(), misalignment=2)
    assert (moved.target - scene).abs().mean() > 0.02


def test_move_by_whole_pixels_turns_and_zooms_about_the_centre() -> None:
    image = picture(1, 20, 24).double()
    moved = move(image, rows=3, columns=-2)
    torch.testing.assert_close(moved[..., 3:, :-2], image[..., :-3, 2:], atol=1e-6, rtol=0)
    square = picture(1, 21, 21).double()
    turned = move(square, degrees=90)
    torch.testing.assert_close(
        turned[..., 2:-2, 2:-2], torch.rot90(square, 1, (-2, -1))[..., 2:-2, 2:-2], atol=1e-5, rtol=0
    )
    spot = torch.zeros(1, 1, 21, 21)
    spot[..., 10, 13] = 1
    assert int(move(spot, zoom=2.0)[0, 0, 10].argmax()) == 16


def test_downsample_is_bicubic_and_refuses_what_does_not_divide() -> None:
    image = picture(1, 24, 20)
    torch.testing.assert_close(downsample(image, 4), bicubic(image, size=(6, 5)).clamp(0, 1))
    with pytest.raises(ValueError, match="scale 3 does not divide 24 x 20"):
        downsample(image, 3)
    assert crop_to_multiple(image, 7).shape[-2:] == (21, 14)


def test_bad_numbers_are_refused_by_name() -> None:
    image = picture(1, 8, 8)
    for call, words in (
        (lambda: gaussian_kernel(4, 1.0), "odd size of at least 1, found 4"),
        (lambda: gaussian_kernel(5, 0.0), "sigma 0.0"),
        (lambda: blur(image, gaussian_kernel(17, 1.0)), r"\(8, 8\) cannot be mirrored by 8"),
        (lambda: poisson_noise(image, 0, seeded()), "photons is 0"),
        (lambda: low_light(image, seeded(), exposure=2), "exposure is 2"),
        (lambda: jpeg(image, 100), "quality is 100"),
        (lambda: jpeg(image[:, :2], 50), "channels, found 2"),
        (lambda: rain(image, seeded(), density=2), "density is 2"),
        (lambda: reflection(image, image, seeded(), strength=1.5), "strength is 1.5"),
        (lambda: move(image, zoom=0), "zoom is 0"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
