"""Local response normalisation is the formula of its paper, not torch's."""

import torch

from paperlens.layers.response_norm import ALPHA, BETA, K, N, response_norm


def test_against_the_formula():
    torch.manual_seed(0)
    maps = 50 * torch.randn(2, 7, 3, 4, dtype=torch.float64)
    expected = torch.empty_like(maps)
    for i in range(7):
        near = maps[:, max(0, i - N // 2) : i + N // 2 + 1]
        expected[:, i] = maps[:, i] / (K + ALPHA * near.square().sum(1)) ** BETA
    torch.testing.assert_close(response_norm()(maps), expected)
