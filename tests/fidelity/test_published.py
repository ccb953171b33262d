"""Every golden file that the catalogue answers to: names, shapes, outputs, gradients; what `load` refuses."""

from pathlib import Path

import golden
import numpy as np
import pytest
import torch
from verified import Check

from paperlens.models import published

ALONE = {"mtrans_sr_cross"}  # too large to hold weights, model and gradients at once: a test of its own
GOLDENS = [
    pytest.param(n, marks=pytest.mark.verify if n in published.entry_of(n).heavy else ())
    for n in sorted(set(published.goldens()) - ALONE)
]


def depends(item):
    """What one golden file rests on: its system, the reader of published names, its own numbers."""
    name = getattr(item, "callspec", None) and item.callspec.params.get("name")
    if item.originalname == "test_the_largest_golden_tensor_by_tensor":
        name = "mtrans_sr_cross"
    if not name:
        return None
    files = [golden.FOLDER / f"{name}.json", Path(__file__), Path(golden.__file__)]
    modules = [published.entry_of(name).module.__name__, "paperlens.models.published"]
    return Check(f"{'golden' if item.get_closest_marker('verify') else 'published'} {name}", modules, files)


def shapes(record, kinds):
    return {name: tuple(shape) for name, shape, kind, *_ in golden.state(record) if kind in kinds}


@pytest.mark.parametrize("name", sorted(published.goldens()))
def test_published_names_and_shapes(name):
    record = golden.read(name)
    entry = published.entry_of(name)
    with torch.device("meta"):
        model = entry.model(entry.goldens[name])
    slots = list(published.published_slots(model))
    required = {s.name: tuple(s.published(s.tensor).shape) for s in slots if s.required} | published.dropped(
        model
    )
    assert required == shapes(record, golden.LEARNED)
    optional = {s.name for s in slots if not s.required}
    rest = shapes(record, ("frozen", "buffer"))
    assert not [n for n in rest if n not in optional and not published.ignored(n, model)]


@pytest.mark.parametrize("name", GOLDENS)
def test_golden_outputs_and_gradients(name):
    record = golden.read(name)
    model = published.load(published.build(name), golden.weights(record))
    args, kwargs = golden.inputs(record)
    outputs = published.run(model, *args, **kwargs)
    assert golden.difference(outputs, record) < (1e-4 if name in published.entry_of(name).float32 else 1e-8)
    assert record["golden"]["dtype"] == str(next(model.parameters()).dtype).removeprefix("torch.")

    sum(o.square().mean() for o in outputs).backward()
    found = published.gradients(model)
    alive = {s.name for s in published.published_slots(model) if s.required and s.tensor.requires_grad}
    gone = published.dead(model)
    dead = {s.name for s in published.published_slots(model) if s.ours in gone}
    # What is read but has no effect may hold a gradient, which is zero then.
    assert {n for n, gradient in found.items() if n not in dead or gradient.any()} == alive - dead
    expected = shapes(record, golden.LEARNED)
    assert {n: tuple(g.shape) for n, g in found.items()} == {n: expected[n] for n in found}


@pytest.mark.verify
def test_the_largest_golden_tensor_by_tensor():
    """MTrans has 6.3 GB in float64: no second copy of the weights, and each gradient is dropped once it was seen."""
    record = golden.read("mtrans_sr_cross")
    model = golden.fill(published.build("mtrans_sr_cross"), record)
    args, kwargs = golden.inputs(record)
    outputs = published.run(model, *args, **kwargs)
    assert golden.difference(outputs, record) < 1e-8

    found = {}

    def see(name):
        def hook(parameter):
            found[name] = tuple(parameter.grad.shape), bool(parameter.grad.any())
            parameter.grad = None

        return hook

    slots = [s for s in published.published_slots(model) if s.required and s.tensor.requires_grad]
    for slot in slots:
        slot.tensor.register_post_accumulate_grad_hook(see(slot.name))
    sum(o.square().mean() for o in outputs).backward()
    assert found == {s.name: (tuple(s.tensor.shape), True) for s in slots}


def test_all_goldens_of_the_project_are_here():
    assert set(published.goldens()) <= set(golden.names())


class TestLoad:
    @pytest.fixture
    def record(self):
        return golden.read("swinir_s_x2")

    @pytest.fixture
    def model(self):
        return published.build("swinir_s_x2")

    def test_missing_name(self, record, model):
        state = golden.weights(record)
        del state["layers.2.conv.bias"]
        with pytest.raises(ValueError, match=r"missing layers\.2\.conv\.bias"):
            published.load(model, state)

    def test_unknown_name(self, record, model):
        with pytest.raises(ValueError, match=r"unknown conv_frist\.weight"):
            published.load(model, golden.weights(record) | {"conv_frist.weight": np.zeros(3)})

    def test_another_shape_changes_nothing(self, record, model):
        before = {n: t.clone() for n, t in model.state_dict().items()}
        state = golden.weights(record) | {"norm.bias": np.zeros(61)}
        with pytest.raises(ValueError, match=r"norm\.bias has shape \(61,\), this model has \(60,\)"):
            published.load(model, state)
        assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())

    def test_buffers_may_be_there(self, record, model):
        buffers = {n: np.zeros(shape) for n, shape in shapes(record, ("buffer",)).items()}
        assert buffers
        extra = buffers | {"norm.num_batches_tracked": np.asarray(3)}
        assert published.load(model, golden.weights(record) | extra) is model

    def test_tensors_and_arrays_are_the_same(self, record, model):
        arrays = golden.weights(record)
        published.load(model, arrays)
        before = {n: t.clone() for n, t in model.state_dict().items()}
        published.load(model, {n: torch.from_numpy(a) for n, a in arrays.items()})
        assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())

    def test_a_golden_that_is_not_built(self):
        with pytest.raises(KeyError, match="no_such_model"):
            published.build("no_such_model")


def test_run_keeps_autograd_and_takes_nested_inputs():
    model = published.build("swinir_s_x2").float()
    image = torch.rand(1, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    (output,) = published.run(model, image)
    output.sum().backward()
    assert image.grad is not None and output.dtype == torch.float32
    assert published.run(model, image.detach().numpy())[0].shape == (1, 3, 16, 16)
