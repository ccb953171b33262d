"""Answers as students write them: wrong ones that keep every shape, and correct ones that look different."""

import math

import einops
import numpy as np
import torch
import torch.nn.functional as F

# -- psnr, correct --------------------------------------------------------------------------------------------


def psnr_loop(prediction, target, data_range):
    values = []
    for p, t in zip(prediction, target, strict=True):
        mse = torch.mean((p - t) ** 2)
        values.append(20 * torch.log10(data_range / torch.sqrt(mse)))
    return torch.stack(values).mean()


def psnr_einsum(prediction, target, data_range):
    d = (prediction - target) / data_range
    mse = torch.einsum("bchw,bchw->b", d, d) / d[0].numel()
    return -10 * mse.log10().mean()


def psnr_float(prediction, target, data_range):
    total = 0.0
    for i in range(prediction.shape[0]):
        mse = F.mse_loss(prediction[i].double(), target[i].double()).item()
        total += math.inf if mse == 0 else 10 * math.log10(data_range * data_range / mse)
    return torch.tensor(total / prediction.shape[0], dtype=prediction.dtype)


def psnr_numpy(prediction, target, data_range):
    p, t = prediction.numpy().astype(np.float64), target.numpy().astype(np.float64)
    with np.errstate(divide="ignore"):
        values = 10 * np.log10(data_range**2 / ((p - t) ** 2).mean(axis=(1, 2, 3)))
    return torch.as_tensor(values.mean()).to(prediction)


def psnr_einops(prediction, target, data_range):
    mse = einops.reduce((prediction - target) ** 2, "b c h w -> b", "mean")
    return torch.mean(10.0 * torch.log10(torch.as_tensor(data_range, dtype=mse.dtype) ** 2 / mse))


# -- psnr, wrong ----------------------------------------------------------------------------------------------


def _mse(x, y):
    return ((x - y) ** 2).mean(dim=(1, 2, 3))


def psnr_identical_is_100(x, y, r):
    mse = _mse(x, y)
    return torch.where(mse == 0, 100.0, 10 * torch.log10(r**2 / mse)).mean()


def psnr_eps(x, y, r):
    return (10 * torch.log10(r**2 / (_mse(x, y) + 1e-8))).mean()


def psnr_drops_infinite(x, y, r):
    v = 10 * torch.log10(r**2 / _mse(x, y))
    return v[v.isfinite()].mean() if v.isfinite().any() else v.mean()


def psnr_in_place(x, y, r):
    x -= y
    return (10 * torch.log10(r**2 / x.square().mean((1, 2, 3)))).mean()


def psnr_single(x, y, r):
    return (10 * torch.log10(r**2 / _mse(x.float(), y.float()))).mean()


def psnr_y(x, y, r):
    w = torch.tensor([65.481, 128.553, 24.966], dtype=x.dtype).view(1, 3, 1, 1) / 255
    x, y = ((t[:, :3] * w).sum(1, keepdim=True) + 16 / 255 * r for t in (x, y))
    return (10 * torch.log10(r**2 / _mse(x, y))).mean()


PSNR_WRONG = [
    ("range 1", lambda x, y, r: (10 * torch.log10(1 / _mse(x, y))).mean(), "data range is taken as 1"),
    (
        "range 255",
        lambda x, y, r: (10 * torch.log10(255**2 / _mse(x, y))).mean(),
        "data range is taken as 255",
    ),
    (
        "max of prediction",
        lambda x, y, r: (10 * torch.log10(x.max() ** 2 / _mse(x, y))).mean(),
        "from the pixels",
    ),
    (
        "max of target",
        lambda x, y, r: (20 * torch.log10(y.max() / _mse(x, y).sqrt())).mean(),
        "from the pixels",
    ),
    ("max, pooled", lambda x, y, r: 10 * torch.log10(y.max() ** 2 / F.mse_loss(x, y)), "from the pixels"),
    ("range 1, pooled", lambda x, y, r: 10 * torch.log10(1 / F.mse_loss(x, y)), "data range is taken as 1"),
    ("L not squared", lambda x, y, r: (10 * torch.log10(r / _mse(x, y))).mean(), "not squared"),
    ("10 with RMSE", lambda x, y, r: (10 * torch.log10(r / _mse(x, y).sqrt())).mean(), "RMSE"),
    ("20 with MSE", lambda x, y, r: (20 * torch.log10(r / _mse(x, y))).mean(), "20"),
    ("ln", lambda x, y, r: (10 * torch.log(r**2 / _mse(x, y))).mean(), "natural logarithm"),
    ("MAE", lambda x, y, r: (20 * torch.log10(r / (x - y).abs().mean((1, 2, 3)))).mean(), "MAE"),
    ("MAE for MSE", lambda x, y, r: (10 * torch.log10(r**2 / (x - y).abs().mean((1, 2, 3)))).mean(), "MAE"),
    ("pooled", lambda x, y, r: 10 * torch.log10(r**2 / F.mse_loss(x, y)), "pooled"),
    (
        "per channel",
        lambda x, y, r: (10 * torch.log10(r**2 / ((x - y) ** 2).mean((2, 3)))).mean(),
        "channels",
    ),
    ("luma", psnr_y, "luma"),
    ("border cropped", lambda x, y, r: psnr_loop(x[..., 4:-4, 4:-4], y[..., 4:-4, 4:-4], r), "border of 4"),
    (
        "border of 1 cropped",
        lambda x, y, r: psnr_loop(x[..., 1:-1, 1:-1], y[..., 1:-1, 1:-1], r),
        "border of 1",
    ),
    ("clamped", lambda x, y, r: psnr_loop(x.clamp(0, r), y.clamp(0, r), r), "clamped"),
    ("negative", lambda x, y, r: (10 * torch.log10(_mse(x, y) / r**2)).mean(), "upside down"),
    ("sum over images", lambda x, y, r: (10 * torch.log10(r**2 / _mse(x, y))).sum(), "summed"),
    (
        "sum of squares",
        lambda x, y, r: (10 * torch.log10(r**2 / (x - y).square().sum((1, 2, 3)))).mean(),
        None,
    ),
    ("one value an image", lambda x, y, r: 10 * torch.log10(r**2 / _mse(x, y)), None),
    ("keeps an axis", lambda x, y, r: psnr_loop(x, y, r)[None], None),
    ("Python float", lambda x, y, r: psnr_loop(x, y, r).item(), None),
    ("numpy array", lambda x, y, r: psnr_loop(x, y, r).numpy(), None),
    ("always double", lambda x, y, r: psnr_loop(x, y, r).double(), None),
    ("single inside", psnr_single, None),
    ("identical is 100", psnr_identical_is_100, None),
    ("eps in the MSE", psnr_eps, None),
    ("drops infinite images", psnr_drops_infinite, None),
    ("in place", psnr_in_place, None),
    ("first image alone", lambda x, y, r: psnr_loop(x[:1], y[:1], r), None),
    ("constant", lambda x, y, r: torch.tensor(20.0, dtype=x.dtype), None),
]

# -- ssim, correct --------------------------------------------------------------------------------------------


def _weights(dtype, size=11, sigma=1.5):
    g = torch.exp(-((torch.arange(size, dtype=dtype) - size // 2) ** 2) / (2 * sigma**2))
    return g / g.sum()


def ssim_conv(x, y, r):
    c = x.shape[1]
    g = _weights(x.dtype)
    k = (g[:, None] * g[None, :]).expand(c, 1, 11, 11)

    def blur(t):
        return F.conv2d(t, k, groups=c)

    mx, my = blur(x), blur(y)
    vx, vy, v = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def ssim_unfold(x, y, r):
    g = _weights(torch.float64)
    w = torch.outer(g, g).reshape(-1)
    px, py = (t.double().unfold(2, 11, 1).unfold(3, 11, 1).flatten(-2) for t in (x, y))
    mx, my = px @ w, py @ w
    dx, dy = px - mx[..., None], py - my[..., None]
    vx, vy = torch.einsum("bchwk,k->bchw", dx**2, w), torch.einsum("bchwk,k->bchw", dy**2, w)
    v = torch.einsum("bchwk,bchwk,k->bchw", dx, dy, w)
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    return (light * (2 * v + c2) / (vx + vy + c2)).mean().to(x.dtype)


def ssim_separable(x, y, r):
    g = _weights(x.dtype)

    def blur(t):
        b, c = t.shape[:2]
        t = t.reshape(b * c, 1, *t.shape[2:])
        t = F.conv2d(F.conv2d(t, g.reshape(1, 1, 11, 1)), g.reshape(1, 1, 1, 11))
        return t.reshape(b, c, *t.shape[2:])

    x, y = x / r, y / r
    mx, my = blur(x), blur(y)
    vx, vy, v = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    each = (2 * mx * my + 1e-4) * (2 * v + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
    return each.mean(dim=(2, 3)).mean(dim=1).mean(dim=0)


def ssim_loop(x, y, r):
    g = np.exp(-((np.arange(11) - 5.0) ** 2) / 4.5)
    w = np.outer(g, g) / g.sum() ** 2
    values = []
    for p, t in zip(x.flatten(0, 1).double().numpy(), y.flatten(0, 1).double().numpy(), strict=True):
        for i in range(p.shape[0] - 10):
            for j in range(p.shape[1] - 10):
                a, b = p[i : i + 11, j : j + 11], t[i : i + 11, j : j + 11]
                ma, mb = np.average(a, weights=w), np.average(b, weights=w)
                va, vb = np.average((a - ma) ** 2, weights=w), np.average((b - mb) ** 2, weights=w)
                v = np.average((a - ma) * (b - mb), weights=w)
                c1, c2 = 0.0001 * r * r, 0.0009 * r * r
                values.append((2 * ma * mb + c1) * (2 * v + c2) / (ma**2 + mb**2 + c1) / (va + vb + c2))
    return torch.tensor(np.mean(values), dtype=x.dtype)


# -- ssim, wrong ----------------------------------------------------------------------------------------------


def _ssim(
    x, y, r, *, size=11, sigma=1.5, k1=0.01, k2=0.03, box=False, pad=None, bessel=1.0, c=None, window=None
):
    channels = x.shape[1]
    g = torch.ones(size, dtype=x.dtype) / size if box else _weights(x.dtype, size, sigma)
    k = (torch.outer(g, g) if window is None else window).expand(channels, 1, -1, -1)

    def blur(t):
        if pad:
            t = F.pad(t, (size // 2,) * 4, mode=pad)
        return F.conv2d(t, k, groups=channels)

    mx, my = blur(x), blur(y)
    vx, vy, v = (bessel * z for z in (blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my))
    c1, c2 = c or ((k1 * r) ** 2, (k2 * r) ** 2)
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def ssim_global(x, y, r):
    mx, my = x.mean((2, 3)), y.mean((2, 3))
    vx, vy = x.var((2, 3), correction=0), y.var((2, 3), correction=0)
    v = ((x - mx[..., None, None]) * (y - my[..., None, None])).mean((2, 3))
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def ssim_batch_as_channels(x, y, r):
    return _ssim(x.mean(0, keepdim=True), y.mean(0, keepdim=True), r)


SSIM_WRONG = [
    ("range 1", lambda x, y, r: _ssim(x, y, 1.0), "data range is taken as 1"),
    ("range 255", lambda x, y, r: _ssim(x, y, 255.0), "data range is taken as 255"),
    ("max of prediction", lambda x, y, r: _ssim(x, y, x.max()), "from the pixels"),
    ("max of target", lambda x, y, r: _ssim(x, y, y.max()), "from the pixels"),
    ("constants swapped", lambda x, y, r: _ssim(x, y, r, k1=0.03, k2=0.01), "swapped"),
    ("constants unsquared", lambda x, y, r: _ssim(x, y, r, c=(0.01 * r, 0.03 * r)), "not squared"),
    ("K not squared", lambda x, y, r: _ssim(x, y, r, c=(0.01 * r**2, 0.03 * r**2)), "square L alone"),
    ("no constants", lambda x, y, r: _ssim(x, y, r, c=(1e-12, 1e-12)), None),
    ("box 7", lambda x, y, r: _ssim(x, y, r, size=7, box=True), "7 x 7"),
    ("box 7, sample", lambda x, y, r: _ssim(x, y, r, size=7, box=True, bessel=49 / 48), "7 x 7"),
    ("box 11", lambda x, y, r: _ssim(x, y, r, box=True), "uniform"),
    ("zero padding", lambda x, y, r: _ssim(x, y, r, pad="constant"), "padded"),
    ("reflect padding", lambda x, y, r: _ssim(x, y, r, pad="reflect"), "padded"),
    ("replicate padding", lambda x, y, r: _ssim(x, y, r, pad="replicate"), "padded"),
    ("global", ssim_global, "whole picture"),
    ("sigma 1", lambda x, y, r: _ssim(x, y, r, sigma=1.0), "sigma"),
    ("sigma as variance", lambda x, y, r: _ssim(x, y, r, sigma=1.5**0.5), "sigma"),
    ("size 7", lambda x, y, r: _ssim(x, y, r, size=7), "7 x 7"),
    ("size 9", lambda x, y, r: _ssim(x, y, r, size=9), "9 x 9"),
    ("sample variances", lambda x, y, r: _ssim(x, y, r, bessel=121 / 120), "biased"),
    ("grey", lambda x, y, r: _ssim(x.mean(1, True), y.mean(1, True), r), "grey"),
    ("images averaged", ssim_batch_as_channels, "per image"),
    ("dissimilarity", lambda x, y, r: 1 - _ssim(x, y, r), "loss"),
    ("one", lambda x, y, r: torch.ones((), dtype=x.dtype), None),
    (
        "one value an image",
        lambda x, y, r: torch.stack([_ssim(p[None], t[None], r) for p, t in zip(x, y, strict=True)]),
        None,
    ),
    ("first channel", lambda x, y, r: _ssim(x[:, :1], y[:, :1], r), None),
    ("clamped", lambda x, y, r: _ssim(x.clamp(0, r), y.clamp(0, r), r), None),
    ("float32 inside", lambda x, y, r: _ssim(x.float(), y.float(), r).to(x.dtype), None),
    ("sum of window", lambda x, y, r: _ssim(x, y, r, window=torch.ones(11, 11, dtype=x.dtype)), None),
]


def _narrow(t, n):
    return t.narrow(2, n, t.shape[2] - 2 * n).narrow(3, n, t.shape[3] - 2 * n)


def _ssim_pool(x, y, r):
    def blur(t):
        return F.avg_pool2d(t, 7, stride=1)

    mx, my = blur(x), blur(y)
    vx, vy, v = (z * 49 / 48 for z in (blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my))
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    return ((2 * mx * my + c1) * (2 * v + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def _ssim_unfold_7(x, y, r):
    px, py = (t.unfold(2, 7, 1).unfold(3, 7, 1).flatten(-2) for t in (x, y))
    mx, my = px.mean(-1), py.mean(-1)
    v = ((px - mx[..., None]) * (py - my[..., None])).sum(-1) / 48
    c1, c2 = (0.01 * r) ** 2, (0.03 * r) ** 2
    light = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return (light * (2 * v + c2) / (px.var(-1) + py.var(-1) + c2)).mean()


CORRECT = {
    "metrics.psnr": [
        ("loop", psnr_loop),
        ("einsum", psnr_einsum),
        ("float math", psnr_float),
        ("numpy", psnr_numpy),
        ("einops", psnr_einops),
    ],
    "metrics.ssim": [
        ("conv", ssim_conv),
        ("unfold", ssim_unfold),
        ("separable", ssim_separable),
        ("loop", ssim_loop),
    ],
    "metrics.psnr_border": [
        (
            "slice",
            lambda x, y, r, n: psnr_loop(
                *(t[..., n : t.shape[2] - n, n : t.shape[3] - n] for t in (x, y)), r
            ),
        ),
        ("pad", lambda x, y, r, n: psnr_float(*(F.pad(t, (-n, -n, -n, -n)) for t in (x, y)), r)),
        ("narrow", lambda x, y, r, n: psnr_einsum(*(_narrow(t, n) for t in (x, y)), r)),
    ],
    "metrics.ssim_uniform": [
        ("conv", lambda x, y, r: _ssim(x, y, r, size=7, box=True, bessel=49 / 48)),
        ("pool", _ssim_pool),
        ("unfold", _ssim_unfold_7),
    ],
}

BORDER_WRONG = [
    ("not cropped", lambda x, y, r, n: psnr_loop(x, y, r), "not cropped"),
    ("top left alone", lambda x, y, r, n: psnr_loop(x[..., n:, n:], y[..., n:, n:], r), "top"),
    (
        "rows alone",
        lambda x, y, r, n: psnr_loop(x[:, :, n : x.shape[2] - n], y[:, :, n : x.shape[2] - n], r),
        None,
    ),
    ("border 0 empties", lambda x, y, r, n: psnr_loop(x[..., n:-n, n:-n], y[..., n:-n, n:-n], r), None),
    ("fixed border", lambda x, y, r, n: psnr_loop(x[..., 2:-2, 2:-2], y[..., 2:-2, 2:-2], r), None),
    (
        "pooled",
        lambda x, y, r, n: 10 * torch.log10(r**2 / F.mse_loss(_narrow(x, n), _narrow(y, n))),
        "pooled",
    ),
    ("range 1", lambda x, y, r, n: psnr_loop(_narrow(x, n), _narrow(y, n), 1.0), None),
]
UNIFORM_WRONG = [
    ("gaussian", lambda x, y, r: _ssim(x, y, r) if min(x.shape[2:]) > 10 else _ssim(x, y, r, size=7), None),
    ("biased", lambda x, y, r: _ssim(x, y, r, size=7, box=True), "biased"),
    ("gaussian 7", lambda x, y, r: _ssim(x, y, r, size=7), None),
    ("padded", lambda x, y, r: _ssim(x, y, r, size=7, box=True, bessel=49 / 48, pad="constant"), "padded"),
    (
        "swapped",
        lambda x, y, r: _ssim(x, y, r, size=7, box=True, bessel=49 / 48, k1=0.03, k2=0.01),
        "swapped",
    ),
    ("range 1", lambda x, y, r: _ssim(x, y, 1.0, size=7, box=True, bessel=49 / 48), "taken as 1"),
    ("global", ssim_global, None),
]
_TABLES = {
    "metrics.psnr": PSNR_WRONG,
    "metrics.ssim": SSIM_WRONG,
    "metrics.psnr_border": BORDER_WRONG,
    "metrics.ssim_uniform": UNIFORM_WRONG,
}
WRONG = {exercise: [(name, function) for name, function, _ in table] for exercise, table in _TABLES.items()}
NAMED = {exercise: {name: words for name, _, words in table if words} for exercise, table in _TABLES.items()}
