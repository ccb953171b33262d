"""What CvT promises: convolutional projections for the map, the linear part alone for the class token."""

import torch

from paperlens.models.vision.cvt import ConvolutionalProjection


def test_the_class_token_meets_the_linear_map_alone():
    torch.manual_seed(0)
    project = ConvolutionalProjection(8, stride=2).eval()
    tokens = torch.randn(1, 1 + 5 * 7, 8)
    made = project(tokens, 5, 7)
    assert made.shape == (1, 1 + 3 * 4, 8), "sides are halved and rounded up"
    torch.testing.assert_close(made[:, 0], project.point(tokens[:, 0]))
    moved = tokens.clone()
    moved[:, 0] += 1.0
    assert torch.equal(project(moved, 5, 7)[:, 1:], made[:, 1:])
