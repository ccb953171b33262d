"""How near one picture is to another, each number with its protocol."""

from paperlens.metrics.keypoints import object_keypoint_similarity, oks_average_precision
from paperlens.metrics.overlap import dice
from paperlens.metrics.pixels import nmse, psnr, psnr_each
from paperlens.metrics.protocol import FASTMRI, PLAIN, Protocol, Score, luma
from paperlens.metrics.structure import ssim, ssim_each, ssim_map

__all__ = [
    "FASTMRI",
    "PLAIN",
    "Protocol",
    "Score",
    "dice",
    "luma",
    "nmse",
    "object_keypoint_similarity",
    "oks_average_precision",
    "psnr",
    "psnr_each",
    "ssim",
    "ssim_each",
    "ssim_map",
]
