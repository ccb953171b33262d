"""What holds for every model of the catalogue. A new model is tested here by its row alone."""

import re
from dataclasses import fields
from pathlib import Path

import plain as without_hook
import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map
from verified import Check

from paperlens import models
from paperlens.models import CATALOGUE, FILES, build, count, facts, published

MODELS = sorted(CATALOGUE)
OWN = [Path(__file__), Path(__file__).with_name("plain.py"), Path(__file__).with_name("conftest.py")]
HELPERS = ("paperlens.models.count", "paperlens.models.published")
PRESETS = [(name, preset) for name in MODELS for preset in CATALOGUE[name].presets]
WITH_MACS = [(name, preset) for name in MODELS for preset in CATALOGUE[name].macs]
BAD = [(name, overrides, numbers) for name in MODELS for overrides, numbers in CATALOGUE[name].bad]
HEADING = "# -- Facts "


def depends(item):
    """What one system's tests rest on; those over all systems always run."""
    name = getattr(item, "callspec", None) and item.callspec.params.get("name")
    return Check(f"model {name}", [FILES[name], *HELPERS], OWN) if name else None


def tiny(name, seed=0):
    """The tiny preset, filled like a golden file: zero-initialised scales would hide dead branches."""
    torch.manual_seed(seed)
    model = build(name, "tiny")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                fan = parameter[0].numel() if parameter.ndim > 1 else 1
                noise = torch.randn_like(parameter)
                parameter.copy_(0.5 * noise / fan**0.5 if fan > 1 else 0.5 + 0.1 * noise)
    return model


def example(name, model, batch=2, step=0):
    torch.manual_seed(1)
    return CATALOGUE[name].example(model.config, batch, step)


@pytest.mark.parametrize("name", MODELS)
def test_row_is_complete(name):
    entry = CATALOGUE[name]
    assert "tiny" in entry.presets, "every model has a preset that a laptop runs at once"
    assert set(entry.parameters) == set(entry.presets)
    assert all(isinstance(p, entry.config) for p in entry.presets.values())
    assert entry.config.__dataclass_params__.frozen
    assert all(f.kw_only for f in fields(entry.config))
    entry.config()  # every field has a default
    assert set(entry.macs) | set(entry.published_sizes) <= set(entry.presets)
    assert set(entry.heavy) | set(entry.float32) <= set(entry.goldens)


@pytest.mark.parametrize("name", MODELS)
def test_no_fact_is_misspelt(name):
    """What stands below the heading has the name of a field of Entry, begins with _ or stands in no one's way."""
    file = Path(CATALOGUE[name].module.__file__).read_text(encoding="utf-8")
    above, heading, below = file.partition(HEADING)
    assert heading, "the facts of a model stand below their heading"
    known = {field.name for field in fields(facts.Entry)}
    named = re.findall(r"^([A-Z][A-Z_0-9, ]*)(?::.*)? = ", below, re.M)
    unknown = {one.lower() for names in named for one in names.split(", ")} - known
    assert not unknown, f"no fact is called {', '.join(sorted(unknown))}"
    misplaced = {one.upper() for one in known} & set(re.findall(r"^([A-Z_0-9]+)\b.* = ", above, re.M))
    assert not misplaced, f"{', '.join(sorted(misplaced))} belongs below the heading"


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_parameter_count_is_exact(name, preset):
    assert count.parameters(count.on_meta(name, preset)) == CATALOGUE[name].parameters[preset]


@pytest.mark.parametrize(("name", "preset"), WITH_MACS)
def test_multiply_accumulates_are_the_measured_ones(name, preset):
    shape, giga = CATALOGUE[name].macs[preset]
    shapes = [shape] if isinstance(shape[0], int) else shape
    like = CATALOGUE[name].example(CATALOGUE[name].presets[preset])  # tokens are integers
    inputs = [torch.empty(s, dtype=e.dtype, device="meta") for s, e in zip(shapes, like, strict=False)]
    assert count.macs(count.on_meta(name, preset), *inputs) / 1e9 == pytest.approx(giga, rel=1e-4, abs=6e-5)


@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("name", MODELS)
def test_sizes_that_differ(name, training):
    model = tiny(name).train(training)
    for step, batch in ((0, 2), (1, 3), (2, 5)):
        outputs = tree_leaves(model(*example(name, model, batch, step)))
        assert outputs and all(o.isfinite().all() for o in outputs if isinstance(o, torch.Tensor))


@pytest.mark.parametrize("name", [name for name in MODELS if not CATALOGUE[name].mixes_batch])
def test_each_item_of_a_batch_is_treated_by_itself(name):
    model = tiny(name).eval()
    inputs = example(name, model, 3)

    def one(value):
        return value[1:2] if isinstance(value, torch.Tensor) and value.ndim and len(value) == 3 else value

    with torch.no_grad():
        together, alone = model(*inputs), model(*tree_map(one, inputs))
    for batch, single in zip(tree_leaves(together), tree_leaves(alone), strict=True):
        torch.testing.assert_close(batch[1:2], single, rtol=1e-3, atol=1e-4)
        assert not torch.equal(batch[0:1], single), "two different items gave the same output"


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_gets_a_gradient_except_the_dead(name):
    model = tiny(name).double().train()
    inputs = tree_map(
        lambda t: t.double() if isinstance(t, torch.Tensor) and t.is_floating_point() else t,
        example(name, model),
    )
    outputs = [o for o in tree_leaves(model(*inputs)) if isinstance(o, torch.Tensor) and o.requires_grad]
    sum((o * torch.randn_like(o)).sum() for o in outputs).backward()
    without = {
        n for n, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())
    }
    assert without == published.dead(model) & {n for n, _ in model.named_parameters()}


@pytest.mark.parametrize("name", MODELS)
def test_input_and_weights_stay_as_they_are(name):
    model = tiny(name).eval()
    inputs = example(name, model)
    before = [t.clone() for t in tree_leaves(inputs) if isinstance(t, torch.Tensor)]
    attributes = {n: set(vars(m)) for n, m in model.named_modules()}
    with torch.no_grad():
        model(*inputs)
    assert all(
        torch.equal(a, b)
        for a, b in zip(before, [t for t in tree_leaves(inputs) if isinstance(t, torch.Tensor)], strict=True)
    )
    assert attributes == {n: set(vars(m)) for n, m in model.named_modules()}


@pytest.mark.parametrize("name", MODELS)
def test_misspelt_field_raises(name):
    field = fields(CATALOGUE[name].config)[0].name
    with pytest.raises(TypeError, match=f"{field}x"):
        build(name, "tiny", **{f"{field}x": 1})


@pytest.mark.parametrize(("name", "overrides", "numbers"), BAD)
def test_bad_argument_raises_with_both_numbers(name, overrides, numbers):
    with pytest.raises(ValueError, match=r"\d") as error:
        model = build(name, "tiny", **{k: v for k, v in overrides.items() if k != "shape"})
        shape = overrides["shape"]  # of the one input, or of several
        model(*(torch.rand(one) for one in ([shape] if isinstance(shape[0], int) else shape)))
    for number in numbers:
        assert re.search(rf"\b{number}\b", str(error.value)), f"{number} is not in: {error.value}"


@pytest.mark.parametrize("name", MODELS)
def test_a_wrong_number_of_channels_is_told_with_both_numbers(name):
    model = tiny(name).eval()
    inputs = example(name, model)
    for i, one in enumerate(inputs):
        if not isinstance(one, torch.Tensor) or one.ndim != 4:
            continue
        channels = one.shape[1]
        wider = torch.cat([one, one[:, :1]], dim=1)
        with pytest.raises(ValueError, match=r"\d") as error:
            model(*inputs[:i], wider, *inputs[i + 1 :])
        told = [int(number) for number in re.findall(r"\b\d+\b", str(error.value))]
        assert channels in told and channels + 1 in told, str(error.value)


@pytest.mark.parametrize("name", MODELS)
def test_compiles_as_one_graph(name, plain):
    assert plain(without_hook.compiled_difference, name) < 1e-4


@pytest.mark.parametrize("name", MODELS)
def test_tiny_runs_at_once(name, plain):
    assert plain(without_hook.seconds, name) < 0.1


def test_unknown_names_are_told():
    with pytest.raises(KeyError, match="swinirr"):
        build("swinirr", "tiny")
    with pytest.raises(KeyError, match="light_x2"):
        build("swinir", "light")


def test_listing_imports_nothing_and_an_entry_its_own_file(plain):
    listed, opened = plain(without_hook.imported, "vit")
    assert not [name for name in listed if name in models.FILES.values()]
    assert [name for name in opened if name in models.FILES.values()] == [models.FILES["vit"]]


@pytest.mark.parametrize("path", sorted(Path(models.__file__).parent.glob("*/*.py")), ids=lambda p: p.stem)
def test_a_model_file_reads_in_one_sitting(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 280, "what two models share moves to layers/"
    assert len(text.partition(HEADING)[0].splitlines()) <= 200, (
        "the paper part of a file is its first screens"
    )
