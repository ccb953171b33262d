"""A file is what its names and shapes say: every golden, every preset, one changed field, and near misses."""

from dataclasses import replace

import pytest
import torch
from files import published_shapes, published_state

from paperlens.checkpoints.recognise import recognise
from paperlens.models import CATALOGUE, build, published
from paperlens.models.count import on_meta

QUICK = {
    "swinir_s_x2": "swinir light_x2",
    "nafnet_sidd_w32": "nafnet sidd_w32",
    "mmhca_x4_edsr_nav": "mmhca pair_x4",
}
SHORTENED = {"tlc_restormer", "tlc_mprnet"}  # goldens of a smaller network than any preset


def the_preset(name):
    config = published.goldens()[name]
    system = next(n for n, e in CATALOGUE.items() if name in e.goldens)
    presets = CATALOGUE[system].presets
    return system, next((p for p in presets if presets[p] == config), None)


@pytest.mark.parametrize(("golden", "name"), QUICK.items())
def test_the_authors_names(golden, name):
    shapes = published_shapes(golden)
    (fit,) = recognise(shapes)
    assert (fit.name, fit.exact, fit.as_published) == (name, True, True)
    assert fit.matched == fit.total
    system, preset = name.split()
    assert fit.parameters == CATALOGUE[system].parameters[preset]


@pytest.mark.verify
@pytest.mark.parametrize("golden", sorted(set(published.goldens()) - SHORTENED - {"nafnet_local_gopro_w32"}))
def test_every_golden(golden):
    fits = recognise(published_shapes(golden))
    assert all(fit.exact for fit in fits)
    assert the_preset(golden) in [(fit.system, fit.preset) for fit in fits]
    others = {fit.system for fit in fits} - {the_preset(golden)[0]}
    assert others <= {"tlc"}, "only local means have the tensors of another system"


@pytest.mark.parametrize("system", ["edsr", "annotated_transformer", "vit"])
def test_our_own_names(system):
    state = on_meta(system, "tiny").state_dict()
    fits = recognise({name: tuple(tensor.shape) for name, tensor in state.items()})
    assert [(fit.name, fit.as_published) for fit in fits if fit.exact] == [(f"{system} tiny", False)]


@pytest.mark.verify
@pytest.mark.parametrize(("system", "preset"), [(s, p) for s, e in CATALOGUE.items() for p in e.presets])
def test_every_preset_under_our_names(system, preset):
    state = on_meta(system, preset).state_dict()
    fits = recognise({name: tuple(tensor.shape) for name, tensor in state.items()})
    assert all(fit.exact for fit in fits)
    assert (system, preset) in [(fit.system, fit.preset) for fit in fits]


def test_one_field_beside_the_presets():
    """KAIR's colour JPEG checkpoint: the grey one with three channels."""
    model = on_meta("swinir", "jpeg_gray", in_channels=3)
    shapes = {s.name: tuple(s.published(s.tensor).shape) for s in published.published_slots(model)}
    fit = recognise(shapes)[0]
    assert fit.exact
    config = replace(CATALOGUE["swinir"].presets[fit.preset], **fit.overrides)
    assert (config.in_channels, config.window_size) == (3, 7)


def test_local_means_have_the_same_tensors():
    module = on_meta("nafnet", "tiny")
    fits = recognise({s.name: tuple(s.tensor.shape) for s in published.published_slots(module)})
    assert [fit.name for fit in fits] == ["nafnet tiny", "tlc tiny"]


class TestNearest:
    @pytest.fixture
    def near(self):
        shapes = published_shapes("swinir_s_x2")
        shapes["conv_first.weight"] = (60, 4, 3, 3)
        del shapes["norm.bias"]
        shapes["extra.weight"] = (3,)
        (fit,) = recognise(shapes)
        return fit

    def test_the_system(self, near):
        assert (near.name, near.exact) == ("swinir light_x2", False)

    def test_the_differing_tensors(self, near):
        assert (near.missing, near.unknown, near.reshaped) == (
            ("norm.bias",),
            ("extra.weight",),
            ("conv_first.weight",),
        )

    def test_the_count(self, near):
        assert near.total - near.matched == 3


def test_nothing_in_common():
    assert recognise({"foo.bar": (3,)}) == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_build_gives_the_files_network(dtype):
    state = published_state("swinir_s_x2")
    (fit,) = recognise({name: tuple(tensor.shape) for name, tensor in state.items()})
    network = fit.build({name: tensor.to(dtype) for name, tensor in state.items()})
    assert not network.training
    expected = published.load(
        build("swinir", "light_x2"), {n: t.to(dtype).float() for n, t in state.items()}
    ).eval()
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(network(image), expected(image))
