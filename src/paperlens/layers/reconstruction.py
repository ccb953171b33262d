"""What turns features into an enlarged image: three ways to end a super-resolution network."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from paperlens.layers.upsample import SubPixelUpsample


class PixelShuffleHead(nn.Module):
    """Classical super-resolution: narrow to head_dim, shuffle step by step, one last convolution."""

    def __init__(self, dim: int, head_dim: int, out_channels: int, scale: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(dim, head_dim, 3, padding=1)
        self.upsample = SubPixelUpsample(head_dim, scale)
        self.last = nn.Conv2d(head_dim, out_channels, 3, padding=1)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b c sh sw"]:
        """The image, `scale` times as high and wide."""
        return self.last(self.upsample(F.leaky_relu(self.reduce(features), 0.01)))


class DirectHead(nn.Module):
    """Lightweight super-resolution: one convolution and one shuffle."""

    def __init__(self, dim: int, out_channels: int, scale: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(dim, out_channels * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b c sh sw"]:
        """The image, `scale` times as high and wide."""
        return self.shuffle(self.expand(features))


class NearestConvHead(nn.Module):
    """Real-world super-resolution: nearest neighbour and a convolution a doubling, against checkerboards."""

    def __init__(self, dim: int, head_dim: int, out_channels: int, scale: int) -> None:
        super().__init__()
        if scale not in (2, 4):
            raise ValueError(f"the nearest_conv head enlarges by 2 or 4, not by {scale}")
        self.reduce = nn.Conv2d(dim, head_dim, 3, padding=1)
        self.up = nn.ModuleList(nn.Conv2d(head_dim, head_dim, 3, padding=1) for _ in range(scale // 2))
        self.refine = nn.Conv2d(head_dim, head_dim, 3, padding=1)
        self.last = nn.Conv2d(head_dim, out_channels, 3, padding=1)

    def forward(self, features: Float[Tensor, "b d h w"]) -> Float[Tensor, "b c sh sw"]:
        """The image, `scale` times as high and wide."""
        features = F.leaky_relu(self.reduce(features), 0.01)
        for conv in self.up:
            features = F.leaky_relu(conv(F.interpolate(features, scale_factor=2, mode="nearest")), 0.2)
        return self.last(F.leaky_relu(self.refine(features), 0.2))
