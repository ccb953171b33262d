"""What MLP-Mixer promises: tokens meet in one perceptron, channels in the other."""

import torch

from paperlens.models import build


def test_only_the_token_perceptron_mixes_tokens():
    torch.manual_seed(0)
    block = build("mlp_mixer", "tiny").blocks[0]
    tokens = torch.randn(1, 64, 32)
    moved = tokens.clone()
    moved[:, 5] += torch.randn(32)
    with torch.no_grad():
        mixed = (block(moved) - block(tokens)).abs().amax(dim=-1)[0] > 0
        block.token_mlp.contract.weight.zero_()
        alone = (block(moved) - block(tokens)).abs().amax(dim=-1)[0] > 0
    assert mixed.all()
    assert alone.nonzero().flatten().tolist() == [5]
