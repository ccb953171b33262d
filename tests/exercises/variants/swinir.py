"""Answers as students write them."""

import einops
import numpy as np
import torch
import torch.nn.functional as F

# -- pixel_shuffle --------------------------------------------------------------------------------------------


def shuffle_reshape(x, s):
    b, c, h, w = x.shape
    return x.reshape(b, c // s**2, s, s, h, w).permute(0, 1, 4, 2, 5, 3).reshape(b, c // s**2, h * s, w * s)


def shuffle_slices(x, s):
    b, c, h, w = x.shape
    out = torch.empty(b, c // s**2, h * s, w * s, dtype=x.dtype)
    for k in range(s * s):
        out[:, :, k // s :: s, k % s :: s] = x[:, k :: s * s]
    return out


def shuffle_conv(x, s):
    c = x.shape[1] // s**2
    weight = torch.eye(s * s, dtype=x.dtype).reshape(s * s, 1, s, s).repeat(c, 1, 1, 1)
    return F.conv_transpose2d(x, weight, stride=s, groups=c)


SHUFFLE_WRONG = [
    (
        "tensorflow",
        lambda x, s: einops.rearrange(x, "b (i j c) h w -> b c (h i) (w j)", i=s, j=s),
        "TensorFlow",
    ),
    (
        "swapped",
        lambda x, s: einops.rearrange(x, "b (c j i) h w -> b c (h i) (w j)", i=s, j=s),
        "row and column",
    ),
    ("reshape", lambda x, s: x.reshape(x.shape[0], -1, x.shape[2] * s, x.shape[3] * s), "plain reshape"),
    ("tiles", lambda x, s: einops.rearrange(x, "b (c i j) h w -> b c (i h) (j w)", i=s, j=s), "side by side"),
    ("nearest", lambda x, s: F.interpolate(x[:, :: s * s], scale_factor=s), "nearest"),
    ("both", lambda x, s: einops.rearrange(x, "b (j i c) h w -> b c (h i) (w j)", i=s, j=s), "exchanged"),
    ("transposed", lambda x, s: F.pixel_shuffle(x, s).mT, None),
    ("unshuffle", F.pixel_unshuffle, None),
    ("scale 2", lambda x, s: F.pixel_shuffle(x, 2), None),
    ("channel middle", lambda x, s: einops.rearrange(x, "b (i c j) h w -> b c (h i) (w j)", i=s, j=s), None),
    ("in place", lambda x, s: F.pixel_shuffle(x.mul_(2), s) / 2, None),
]
UNSHUFFLE_WRONG = [
    (
        "tensorflow",
        lambda x, s: einops.rearrange(x, "b c (h i) (w j) -> b (i j c) h w", i=s, j=s),
        "TensorFlow",
    ),
    ("swapped", lambda x, s: einops.rearrange(x, "b c (h i) (w j) -> b (c j i) h w", i=s, j=s), "exchanged"),
    ("reshape", lambda x, s: x.reshape(x.shape[0], -1, x.shape[2] // s, x.shape[3] // s), "plain reshape"),
    ("blocks", lambda x, s: einops.rearrange(x, "b c (i h) (j w) -> b (c i j) h w", i=s, j=s), None),
    ("shuffle", F.pixel_shuffle, None),
    ("average", lambda x, s: F.avg_pool2d(x, s).repeat_interleave(s * s, 1), None),
]

# -- pad_to_window --------------------------------------------------------------------------------------------


def pad_reflect(x, m):
    return F.pad(x, (0, -x.shape[3] % m, 0, -x.shape[2] % m), mode="reflect")


def pad_index(x, m):
    h, w = x.shape[2:]
    i, j = (torch.arange(n + (m - n % m) % m) for n in (h, w))
    i, j = (torch.where(k < n, k, 2 * n - 2 - k) for k, n in ((i, h), (j, w)))
    return x[:, :, i][..., j]


def pad_flip(x, m):
    h, w = x.shape[2:]
    x = torch.cat([x, x.flip(2)[:, :, 1 : 1 + -h % m]], 2)
    return torch.cat([x, x.flip(3)[..., 1 : 1 + -w % m]], 3)


def _pad(mode, extra=lambda n, m: -n % m, start=False):
    def pad(x, m):
        h, w = (extra(n, m) for n in x.shape[2:])
        return F.pad(x, (w, 0, h, 0) if start else (0, w, 0, h), mode=mode)

    return pad


def pad_like_published(x, m):
    h, w = x.shape[2:]
    x = torch.cat([x, torch.flip(x, [2])], 2)[:, :, : h + -h % m]
    return torch.cat([x, torch.flip(x, [3])], 3)[..., : w + -w % m]


PAD_WRONG = [
    ("zeros", _pad("constant"), "zeros"),
    ("replicate", _pad("replicate"), "repeated"),
    ("symmetric", pad_like_published, "repeats the border"),
    ("circular", _pad("circular"), "other side"),
    ("top left", _pad("reflect", start=True), "top and the left"),
    ("always", _pad("reflect", lambda n, m: m - n % m), "whole window"),
    ("remainder", _pad("reflect", lambda n, m: n % m), "stand over"),
    ("cropped", lambda x, m: x[..., : x.shape[2] // m * m, : x.shape[3] // m * m], "cut"),
    (
        "sides exchanged",
        lambda x, m: F.pad(x, (0, -x.shape[2] % m, 0, -x.shape[3] % m), mode="reflect"),
        None,
    ),
    ("resized", lambda x, m: F.interpolate(x, tuple(n + -n % m for n in x.shape[2:]), mode="bilinear"), None),
]


def _around(mode):
    def pad(x, m):
        (a, b), (c, d) = ((-n % m // 2, -n % m - -n % m // 2) for n in x.shape[2:])
        return F.pad(x, (c, d, a, b), mode=mode)

    return pad


def around_index(x, m):
    for axis in (2, 3):
        n = x.shape[axis]
        more = -n % m
        i = (torch.arange(n + more) - more // 2).abs()
        x = x.index_select(axis, torch.where(i < n, i, 2 * n - 2 - i))
    return x


def around_roll(x, m):
    padded = F.pad(x, (m, m, m, m), mode="reflect")
    h, w = x.shape[2:]
    top, left = m - -h % m // 2, m - -w % m // 2
    return padded[:, :, top : top + h + -h % m, left : left + w + -w % m]


AROUND_WRONG = [
    ("bottom right", pad_reflect, "bottom and the right"),
    ("zeros", _around("constant"), "zeros"),
    ("replicate", _around("replicate"), "repeated"),
    ("circular", _around("circular"), None),
    ("more at the top", lambda x, m: _around("reflect")(x.flip(2, 3), m).flip(2, 3), None),
    ("top left", _pad("reflect", start=True), None),
    ("cropped", lambda x, m: x[..., : x.shape[2] // m * m, : x.shape[3] // m * m], None),
]

# -- window_attention_macs ------------------------------------------------------------------------------------

MACS_WRONG = [
    ("global", lambda h, w, d, m: 4 * h * w * d**2 + 2 * (h * w) ** 2 * d, "whole map"),
    ("window not squared", lambda h, w, d, m: 4 * h * w * d**2 + 2 * m * h * w * d, "not window"),
    ("no output projection", lambda h, w, d, m: 3 * h * w * d**2 + 2 * m**2 * h * w * d, "output projection"),
    ("one projection", lambda h, w, d, m: h * w * d**2 + 2 * m**2 * h * w * d, "four"),
    ("no projections", lambda h, w, d, m: 2 * m**2 * h * w * d, "projections are missing"),
    ("scores alone", lambda h, w, d, m: 4 * h * w * d**2 + m**2 * h * w * d, "weighted sum"),
    ("flops", lambda h, w, d, m: 8 * h * w * d**2 + 4 * m**2 * h * w * d, "twice"),
    ("one window", lambda h, w, d, m: 4 * m**2 * d**2 + 2 * m**4 * d, None),
    ("float", lambda h, w, d, m: 4.0 * h * w * d**2 + 2 * m**2 * h * w * d, None),
    ("tensor", lambda h, w, d, m: torch.tensor(4 * h * w * d**2 + 2 * m**2 * h * w * d), None),
    ("numpy", lambda h, w, d, m: np.int64(4 * h * w * d**2 + 2 * m**2 * h * w * d), None),
]
BLOCK_WRONG = [
    ("no MLP", lambda h, w, d, m, r: 4 * h * w * d**2 + 2 * m**2 * h * w * d, "left out"),
    ("half an MLP", lambda h, w, d, m, r: (4 + r) * h * w * d**2 + 2 * m**2 * h * w * d, "two layers"),
    ("flops", lambda h, w, d, m, r: 2 * ((4 + 2 * r) * h * w * d**2 + 2 * m**2 * h * w * d), "twice"),
    ("global", lambda h, w, d, m, r: (4 + 2 * r) * h * w * d**2 + 2 * (h * w) ** 2 * d, None),
    ("ratio squared", lambda h, w, d, m, r: (4 + r**2) * h * w * d**2 + 2 * m**2 * h * w * d + d, None),
    ("MLP alone", lambda h, w, d, m, r: 2 * r * h * w * d**2, None),
]

# -- high_frequency_share -------------------------------------------------------------------------------------


def _frequency(h, w, x):
    return torch.fft.fftfreq(h).to(x.dtype)[:, None], torch.fft.fftfreq(w).to(x.dtype)[None, :]


def share_fft(x, cutoff):
    energy = torch.fft.fft2(x).abs() ** 2
    n, m = x.shape[1:]
    fy, fx = torch.fft.fftfreq(n, dtype=x.dtype)[:, None], torch.fft.fftfreq(m, dtype=x.dtype)
    return (energy * (torch.hypot(fy.expand(n, m), fx.expand(n, m)) > cutoff)).sum((1, 2)) / energy.sum(
        (1, 2)
    )


def share_shifted(x, cutoff):
    n, m = x.shape[1:]
    spectrum = torch.fft.fftshift(torch.fft.fft2(x, norm="ortho"), dim=(-2, -1))
    i = (torch.arange(n, dtype=torch.float64) - n // 2) / n
    j = (torch.arange(m, dtype=torch.float64) - m // 2) / m
    high = (i[:, None] ** 2 + j**2).sqrt() > cutoff
    energy = spectrum.real**2 + spectrum.imag**2
    return energy[:, high].sum(-1) / energy.flatten(1).sum(-1)


def share_numpy(x, cutoff):
    spectrum = np.abs(np.fft.fft2(x.double().numpy())) ** 2
    fy, fx = np.meshgrid(np.fft.fftfreq(x.shape[1]), np.fft.fftfreq(x.shape[2]), indexing="ij")
    low = fy**2 + fx**2 <= cutoff**2
    return torch.from_numpy(1 - (spectrum * low).sum((1, 2)) / spectrum.sum((1, 2))).to(x.dtype)


def _share(x, cutoff, *, power=2.0, frequency=torch.fft.fftfreq, square=False, low=False, centre=False):
    energy = torch.fft.fft2(x - x.mean((1, 2), keepdim=True) if centre else x).abs() ** power
    fy, fx = (frequency(n).double() for n in x.shape[1:])
    fy, fx = torch.meshgrid(fy, fx, indexing="ij")
    size = torch.maximum(fy.abs(), fx.abs()) if square else torch.hypot(fy, fx)
    keep = size <= cutoff if low else size > cutoff
    return ((energy * keep).sum((1, 2)) / energy.sum((1, 2))).to(x.dtype)


def _either(x, c):
    energy = torch.fft.fft2(x).abs() ** 2
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64).abs() <= c for n in x.shape[1:])
    return ((energy * (fy[:, None] | fx)).sum((1, 2)) / energy.sum((1, 2))).to(x.dtype)


SHARE_WRONG = [
    ("magnitudes", lambda x, c: _share(x, c, power=1.0), "not their squares"),
    (
        "no negative frequencies",
        lambda x, c: _share(x, c, frequency=lambda n: torch.arange(n) / n),
        "negative",
    ),
    (
        "shifted spectrum",
        lambda x, c: _share(torch.fft.ifft2(torch.fft.fftshift(torch.fft.fft2(x), (1, 2))), c).real.to(
            x.dtype
        ),
        "shifted",
    ),
    ("mean removed", lambda x, c: _share(x, c, centre=True), "mean is removed"),
    ("square", lambda x, c: _share(x, c, square=True), "a square"),
    ("low", lambda x, c: 1 - _share(x, c), "low"),
    ("cutoff of Nyquist", lambda x, c: _share(x, c / 2), "cycles per pixel"),
    ("frequency squared", lambda x, c: _share(x, c**0.5), "not rooted"),
    ("not divided", lambda x, c: share_fft(x, c) * torch.fft.fft2(x).abs().square().sum((1, 2)), None),
    ("one number", lambda x, c: share_fft(x, c).mean(), None),
]
LOW_WRONG = [
    ("disc", lambda x, c: _share(x, c, low=True), "disc"),
    ("high", lambda x, c: _share(x, c, square=True), "high"),
    ("magnitudes", lambda x, c: _share(x, c, power=1.0, square=True, low=True), "not their squares"),
    ("mean removed", lambda x, c: _share(x, c, square=True, low=True, centre=True), None),
    (
        "no negatives",
        lambda x, c: _share(x, c, square=True, low=True, frequency=lambda n: torch.arange(n) / n),
        None,
    ),
    ("either axis", _either, None),
]


def low_mask(x, c):
    energy = torch.fft.fft2(x).abs() ** 2
    fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64).abs() <= c for n in x.shape[1:])
    return energy[:, fy][:, :, fx].sum((1, 2)) / energy.sum((1, 2))


CORRECT = {
    "swinir.pixel_shuffle": [
        ("reshape", shuffle_reshape),
        ("slices", shuffle_slices),
        ("einops", lambda x, s: einops.rearrange(x, "b (c i j) h w -> b c (h i) (w j)", i=s, j=s)),
        ("torch", F.pixel_shuffle),
        ("transposed convolution", shuffle_conv),
    ],
    "swinir.pixel_unshuffle": [
        ("einops", lambda x, s: einops.rearrange(x, "b c (h i) (w j) -> b (c i j) h w", i=s, j=s)),
        ("torch", F.pixel_unshuffle),
        ("unfold", lambda x, s: F.unfold(x, s, stride=s).unflatten(2, (x.shape[2] // s, x.shape[3] // s))),
    ],
    "swinir.pad_to_window": [("pad", pad_reflect), ("index", pad_index), ("flip", pad_flip)],
    "swinir.pad_around": [("pad", _around("reflect")), ("index", around_index), ("crop", around_roll)],
    "swinir.window_attention_macs": [
        ("Eq. 2", lambda h, w, d, m: 4 * h * w * d**2 + 2 * m**2 * h * w * d),
        ("per window", lambda h, w, d, m: (h // m) * (w // m) * (4 * m**2 * d**2 + 2 * m**4 * d)),
        ("factored", lambda h, w, d, m: 2 * h * w * d * (2 * d + m * m)),
    ],
    "swinir.block_macs": [
        ("sum", lambda h, w, d, m, r: (4 + 2 * r) * h * w * d**2 + 2 * m**2 * h * w * d),
        ("factored", lambda h, w, d, m, r: 2 * h * w * d * (2 * d + m * m + r * d)),
        (
            "per window",
            lambda h, w, d, m, r: (h // m) * (w // m) * m * m * (4 * d * d + 2 * m * m * d + 2 * r * d * d),
        ),
    ],
    "swinir.high_frequency_share": [("fft", share_fft), ("shifted", share_shifted), ("numpy", share_numpy)],
    "swinir.low_frequency_share": [
        ("max", lambda x, c: _share(x, c, square=True, low=True)),
        ("rows and columns", low_mask),
        ("complement", lambda x, c: 1 - _share(x, c, square=True)),
    ],
}
_TABLES = {
    "swinir.pixel_shuffle": SHUFFLE_WRONG,
    "swinir.pixel_unshuffle": UNSHUFFLE_WRONG,
    "swinir.pad_to_window": PAD_WRONG,
    "swinir.pad_around": AROUND_WRONG,
    "swinir.window_attention_macs": MACS_WRONG,
    "swinir.block_macs": BLOCK_WRONG,
    "swinir.high_frequency_share": SHARE_WRONG,
    "swinir.low_frequency_share": LOW_WRONG,
}
WRONG = {exercise: [(name, function) for name, function, _ in table] for exercise, table in _TABLES.items()}
NAMED = {exercise: {name: words for name, _, words in table if words} for exercise, table in _TABLES.items()}
