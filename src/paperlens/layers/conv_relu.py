"""A convolution and its ReLU, the smallest block that TTSR's main network and MIMO-UNet are made of."""

from torch import nn


def conv_relu(in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> nn.Sequential:
    """Padded so that the size stays, or is divided by the stride."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2)
    return nn.Sequential(conv, nn.ReLU())
