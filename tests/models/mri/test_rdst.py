"""What only RDST promises."""

import torch

from paperlens.models import build, count


def test_every_dense_layer_sees_all_before_it():
    torch.manual_seed(0)
    block = build("rdst", "tiny", layers=(3,)).blocks[0]
    assert [layer.norm.normalized_shape[0] for layer in block.layers] == [12, 18, 24]
    seen = []
    for layer in block.layers:
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    tokens = torch.randn(1, 4, 4, 12)
    block(tokens, None)
    assert torch.equal(seen[2][..., :18], seen[1]) and torch.equal(seen[1][..., :12], tokens)


def test_data_means_are_frozen_identities():
    model = build("rdst", "tiny", in_channels=2)
    image = torch.rand(1, 2, 4, 4)
    assert torch.equal(model.sub_mean(image), image) and torch.equal(model.add_mean(image), image)
    one = build("rdst", "tiny")
    assert count.parameters(one) - count.parameters(one, trainable=True) == 4
