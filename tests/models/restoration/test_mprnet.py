"""What only MPRNet promises: patches that do not see each other, one slope, three outputs."""

import torch

from paperlens.models import build


def test_stage_one_sees_halves_stage_three_everything():
    torch.manual_seed(0)
    model = build("mprnet", "tiny")
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    outputs = model(image)
    (gradient,) = torch.autograd.grad(outputs[2][..., :8, :].sum(), image, retain_graph=True)
    seen = gradient.abs().sum((0, 1)).gt(0)
    assert seen[:8].all() and not seen[8:].any()
    (gradient,) = torch.autograd.grad(outputs[0][..., 0, 0].sum(), image)
    assert gradient[..., 15, 15].abs().sum() > 0


def test_encoder_of_stage_one_sees_quarters():
    torch.manual_seed(0)
    model = build("mprnet", "tiny")
    patches = torch.rand(4, 3, 8, 8)
    changed = patches.clone()
    changed[2] = 0.5
    before, after = (model.encoder1(model.shallow[0](x)) for x in (patches, changed))
    for level in range(3):
        for i in range(4):
            same = torch.equal(before[level][i], after[level][i])
            assert same == (i != 2)


def test_one_slope_serves_the_network():
    model = build("mprnet", "tiny")
    slopes = [m for m in model.modules() if isinstance(m, torch.nn.PReLU)]
    names = [n for n in model.state_dict() if ".slope." in n]
    assert len(slopes) == 1 and len(names) == 3 + 12 + 16 + 3
