"""What gMLP promises: a new gate lets everything pass, a trained one mixes tokens."""

import torch

from paperlens.models import build


def test_a_new_gate_is_open():
    torch.manual_seed(0)
    gate = build("gmlp", "tiny").blocks[0].gate
    features = torch.randn(2, 64, 128)
    torch.testing.assert_close(gate(features), features[..., :64], rtol=1e-3, atol=1e-3)


def test_tokens_meet_in_the_gate_alone():
    torch.manual_seed(0)
    block = build("gmlp", "tiny").blocks[0]
    tokens = torch.randn(1, 64, 32)
    moved = tokens.clone()
    moved[:, 5] += torch.randn(32)
    with torch.no_grad():
        block.gate.tokens.weight.zero_()
        alone = (block(moved) - block(tokens)).abs().amax(dim=-1)[0] > 0
        block.gate.tokens.weight.normal_()
        mixed = (block(moved) - block(tokens)).abs().amax(dim=-1)[0] > 0
    assert alone.nonzero().flatten().tolist() == [5]
    assert mixed.all()
