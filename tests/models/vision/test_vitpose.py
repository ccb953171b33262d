"""What only ViTPose promises."""

import pytest
import torch

from paperlens.models import build


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
