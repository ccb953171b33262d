"""MemNet: counts of its Caffe definition part by part, gates that see everything, an average that starts even."""

import torch

from paperlens.models import build, count


def test_the_count_is_the_caffe_definitions_part_by_part():
    model = count.on_meta("memnet", "m6r6")
    kernels = sum(p.numel() for n, p in model.named_parameters() if p.ndim == 4)
    norms = sum(
        p.numel() for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d) for p in m.parameters()
    )
    assert kernels == 676_992  # the paper's 677K
    assert norms == 2 + 6 * 6 * 2 * 128 + sum((6 + m) * 128 for m in range(1, 7)) + 6 * 128
    assert (
        count.parameters(model) - kernels - norms == 64 + 6 * 2 * 64 + 6 * 64 + 1 + 6
    )  # biases, six weights


def test_the_output_starts_as_the_mean_of_the_supervised_ones():
    torch.manual_seed(0)
    model = build("memnet", "tiny").eval()
    image = torch.rand(2, 1, 9, 8)
    torch.testing.assert_close(model(image), torch.stack(model.outputs(image)).mean(0))


def test_every_gate_sees_the_first_features():
    """Long-term memory: with the recursions of all blocks silenced the first features still reach the last gate."""
    torch.manual_seed(0)
    model = build("memnet", "tiny").double().eval()
    image = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    states = [model.extract(image)]
    states.append(model.blocks[0](states))
    before = model.blocks[1](states)
    states[0] = states[0] + 1
    assert not torch.allclose(before, model.blocks[1](states))
