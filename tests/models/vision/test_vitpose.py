"""What only ViTPose promises."""

import pytest
import torch

from paperlens.metrics.keypoints import Poses, oks_average_precision
from paperlens.models import build
from paperlens.ops.heatmaps import peaks


def drawn(points, height, width, h, w):
    """Heat maps, Gaussians of sigma 2 at points of an image."""
    y, x = torch.arange(h).double(), torch.arange(w).double()
    column = points[..., 0] * (w - 1) / (width - 1)
    row = points[..., 1] * (h - 1) / (height - 1)
    distance = (x - column[..., None, None]) ** 2 + (y[:, None] - row[..., None, None]) ** 2
    return (-distance / 8).exp()


def test_peaks_are_found_finer_than_a_pixel():
    points = torch.tensor([[[40.3, 100.7], [150.0, 33.1], [91.9, 200.2]]]).double()
    found, value = peaks(drawn(points, 256, 192, 64, 48), 256, 192)
    assert (found - points).abs().max() < 0.05  # a pixel of the map is four of the image
    assert (value > 0.9).all()


def test_a_flat_map_and_a_corner_stay_finite():
    maps = torch.zeros(1, 2, 8, 6)
    maps[0, 1, 7, 5] = 1
    found, value = peaks(maps, 32, 24)
    assert found.isfinite().all() and value.tolist() == [[0, 1]]
    torch.testing.assert_close(found[0, 1], torch.tensor([23.0, 31.0]))
    with pytest.raises(ValueError, match="2 by 6"):
        peaks(maps[:, :, :2], 32, 24)


def test_joints_read_from_maps_are_scored():
    points = torch.tensor([[[10.0, 50.0], [100.5, 20.2], [60.0, 210.0]]]).double()
    found, value = peaks(drawn(points, 256, 192, 64, 48), 256, 192)
    truth = Poses(
        points=points, visible=torch.ones(1, 3, dtype=torch.bool), area=torch.tensor([9000.0]).double()
    )
    result = oks_average_precision(
        [Poses(points=found, score=value.mean(-1))], [truth], sigmas=(0.026, 0.079, 0.089)
    )
    assert result["AP"] > 0.99


@pytest.mark.parametrize("head", ["classic", "simple"])
def test_heat_maps_are_a_quarter_of_the_image(head):
    model = build("vitpose", "tiny", head=head, patch_size=8).eval()
    assert model(torch.rand(2, 3, 32, 24)).shape == (2, 5, 16, 12)  # patches of 8: half


def test_each_data_set_has_its_own_expert_and_decoder():
    torch.manual_seed(0)
    model = build("vitpose_moe", "tiny")
    image = torch.rand(2, 3, 32, 24)
    for dataset, joints in ((0, 5), (1, 3)):
        model.zero_grad()
        maps = model(image, dataset)
        assert maps.shape == (2, joints, 16, 12)
        maps.square().sum().backward()
        reached = {n for n, p in model.named_parameters() if p.grad is not None}
        other = 1 - dataset
        assert not [n for n in reached if f"experts.{other}." in n or f"decoders.{other}." in n]
        assert [n for n in reached if f"experts.{dataset}." in n]
    with pytest.raises(ValueError, match=r"dataset 2 must lie in 0 \.\. 1"):
        model(image, 2)


def test_one_data_sets_weights_make_a_plain_model():
    """As the authors split their checkpoints: shared and expert rows of each perceptron, joined."""
    torch.manual_seed(0)
    shared, plain = (
        build("vitpose_moe", "tiny").double().eval(),
        build("vitpose", "tiny", joints=3).double().eval(),
    )
    state = shared.state_dict()
    mine = {}
    for name in plain.state_dict():
        if ".contract." in name:
            expert = name.replace("contract", "experts.1")
            mine[name] = torch.cat([state[name], state[expert]])
        else:
            mine[name] = state[name.replace("decoder.", "decoders.1.")]
    plain.load_state_dict(mine)
    image = torch.rand(2, 3, 32, 24).double()
    torch.testing.assert_close(plain(image), shared(image, 1))
