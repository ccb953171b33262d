"""What only TLC promises."""

import pytest
import torch

from paperlens.layers.pool import LocalMean
from paperlens.models import build
from paperlens.models.restoration.tlc import LocalAttend, cover, localise


@pytest.mark.parametrize("preset", ["tiny", "tiny_restormer", "tiny_mprnet"])
def test_no_larger_than_the_window_nothing_changes(preset):
    torch.manual_seed(0)
    model = build("tlc", preset, window=32).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    plain = type(model.network)(model.config.network).double().eval()
    plain.load_state_dict(model.network.state_dict())
    for side, same in ((16, True), (64, False)):
        image = torch.rand(2, 3, side, side).double()
        expected = plain(image)
        expected = expected[0] if isinstance(expected, tuple) else expected
        assert torch.allclose(model(image), expected, rtol=1e-9, atol=1e-9) == same


@pytest.mark.parametrize("preset", ["tiny", "tiny_restormer", "tiny_mprnet"])
def test_every_parameter_still_learns(preset):
    torch.manual_seed(0)
    model = build("tlc", preset).double()
    for parameter in model.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 1
        torch.nn.init.normal_(parameter, std=0.5 / fan**0.5)
    model(torch.rand(3, 3, 24, 24).double()).square().mean().backward()
    without = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    # One image leaves the network: the heads that restore stages 1 and 2 feed the later stages and learn too.
    assert not {n for n in without if "attention.squeeze" not in n and "attention.excite" not in n}


def test_windows_follow_the_levels():
    model = build("tlc", "tiny").network
    pools = {n: m for n, m in model.named_modules() if isinstance(m, LocalMean)}
    assert pools["encoder.0.0.sca.pool"].height == 12 and pools["encoder.1.1.sca.pool"].width == 6
    assert pools["middle.0.sca.pool"].height == 3
    network = build("tlc", "tiny_restormer").network
    attends = {n: m.height for n, m in network.named_modules() if isinstance(m, LocalAttend)}
    assert [attends[f"encoder{i}.0.attention.attend"] for i in (1, 2, 3)] == [8, 4, 2]
    assert attends["latent.0.attention.attend"] == 1 and attends["refinement.0.attention.attend"] == 8


def test_cover():
    assert [(s.start, s.stop) for s in cover(120, 48)] == [(0, 48), (36, 84), (72, 120)]
    assert [(s.start, s.stop) for s in cover(80, 48)] == [(0, 48), (32, 80)]
    assert [(s.start, s.stop) for s in cover(48, 48)] == [(0, 48)]
    assert [(s.start, s.stop) for s in cover(7, 48)] == [(0, 7)]
    for length in range(1, 60):
        for window in range(1, 20):
            seen = [i for s in cover(length, window) for i in range(s.start, s.stop)]
            assert set(seen) == set(range(length))


def test_a_network_without_global_operations_is_refused():
    with pytest.raises(ValueError, match=r"0 .*1"):
        localise(build("swinir", "tiny"), torch.zeros(1, 3, 16, 16), 1.5)


def test_conversion_leaves_weights_and_names():
    network = build("mprnet", "tiny")
    before = {n: t.clone() for n, t in network.state_dict().items()}
    localise(network, torch.zeros(1, 3, 16, 16), 1.5)
    after = network.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[n], after[n]) for n in before)
