"""Files as strangers pack them: the weights are found, what was taken off or left aside is named, or one sentence."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from paperlens.checkpoints import index, recognise
from paperlens.checkpoints.tell import check_values, identify, network
from paperlens.checkpoints.weights import read
from paperlens.errors import UserError
from paperlens.models import CATALOGUE, build, published


def authors_state(seed: int = 0) -> dict[str, torch.Tensor]:
    """A tiny SwinIR under its authors' names."""
    torch.manual_seed(seed)
    net = build("swinir", "tiny")
    return {s.name: s.published(s.tensor).detach().clone() for s in published.published_slots(net)}


S, AVERAGE = authors_state(), authors_state(1)
VGG = {f"loss.vgg.features.{i}.weight": torch.ones(64, 64, 3, 3) for i in range(40)}


def under(prefix: str, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    ("content", "packing", "aside"),
    [
        (
            S | {"total_ops": torch.zeros(1), "conv_first.total_ops": torch.zeros(1)},
            (),
            ("total_ops", "conv_first.total_ops"),
        ),
        (S | {"seen": torch.tensor(7)}, (), ("seen",)),
        (under("generator.", S) | {"step_counter": torch.tensor(1)}, ("generator.",), ("step_counter",)),
        (under("net_g.", S), ("net_g.",), ()),
        (under("model.", S) | VGG, ("model.",), tuple(VGG)),
        ({"state_dict": S, "state_dict_ema": AVERAGE}, ("state_dict_ema",), ()),
        ({"model": S, "model_ema": AVERAGE}, ("model_ema",), ()),
        ({"g": S, "g_ema": AVERAGE, "d": {"conv.weight": torch.ones(3)}}, ("g_ema",), ()),
        (under("model.", S) | under("model_ema.", AVERAGE), ("model_ema.",), tuple(under("model.", S))),
        ({"params": S, "params_ema": {}}, ("params",), ()),
        ({"params": {"lr": 1e-4}, "state_dict": S}, ("state_dict",), ()),
        ({"params": S, "epoch": np.float64(3.5), "best": np.int64(2)}, ("params",), ()),
        (
            {"optimizer": {"state": {"x": torch.ones(2)}}, "network": {"weights": S}},
            ("network", "weights"),
            (),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_weights_are_found(tmp_path, content, packing, aside):
    torch.save(content, tmp_path / "a.pth")
    weights, fits = identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))
    assert fits[0].name == "swinir tiny"
    assert weights.packing == packing
    assert set(weights.aside) == set(aside)
    expected = AVERAGE if any("ema" in key for key in packing) else S
    assert all(torch.equal(weights.state[name], expected[name]) for name in S)


def test_a_larger_part_that_is_no_network_does_not_hide_the_smaller_one(tmp_path):
    torch.save(under("student.", S) | under("teacher.head.", VGG), tmp_path / "a.pth")
    weights, _ = identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))
    assert weights.packing == ("student.",)


def test_a_single_learned_number_is_no_counter(tmp_path):
    """A scale that another network learned changes its pictures: it is never left aside."""
    torch.save(S | {"scale": torch.tensor(0.2)}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="nearest is swinir tiny"):
        identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_named(tmp_path, value):
    broken = S["conv_first.weight"].clone()
    broken[0, 0, 0, 0] = value
    torch.save(S | {"conv_first.weight": broken}, tmp_path / "a.pth")
    with pytest.raises(
        UserError, match=r"has 1 of \d+ numbers in 'conv_first.weight' that are NaN or infinite"
    ):
        read(tmp_path / "a.pth")


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2], ids=str)
@pytest.mark.parametrize("form", ["pth", "safetensors"])
def test_float8_is_converted_exactly(tmp_path, dtype, form):
    small = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in S.items()}
    file = tmp_path / f"a.{form}"
    torch.save(small, file) if form == "pth" else save_file(small, file)
    weights, fits = identify(file, read(file))
    assert fits[0].name == "swinir tiny"
    loaded = dict(network(file, weights, fits[0]).state_dict())
    expected = published.load(
        build("swinir", "tiny"), {n: t.to(torch.float32) for n, t in small.items()}
    ).state_dict()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)
    assert torch.equal(
        weights.state["conv_first.weight"].to(dtype).float(), weights.state["conv_first.weight"]
    )


@pytest.mark.parametrize("dtype", [torch.int8, torch.complex64], ids=str)
def test_numbers_that_are_no_weights_are_refused_by_name(tmp_path, dtype):
    torch.save(S | {"conv_first.weight": S["conv_first.weight"].to(dtype)}, tmp_path / "a.pth")
    kind = str(dtype).removeprefix("torch.")
    with pytest.raises(
        UserError, match=f"holds {kind} numbers in 'conv_first.weight'; expected floating-point"
    ):
        read(tmp_path / "a.pth")


def test_whole_numbers_of_many_bits_are_refused_by_name_too(tmp_path):
    torch.save(S | {"conv_first.weight": S["conv_first.weight"].long()}, tmp_path / "a.pth")
    weights, fits = identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))
    with pytest.raises(UserError, match=r"holds int64 numbers in 'conv_first\.weight'"):
        check_values(tmp_path / "a.pth", weights, fits[0])


def test_tied_tensors_that_differ_are_found_without_building(tmp_path):
    torch.manual_seed(0)
    net = build("gpt", "tiny")  # its head is its word embedding
    state = {s.name: s.published(s.tensor).detach().clone() for s in published.published_slots(net)}
    torch.save(state, tmp_path / "a.pth")
    weights, fits = identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))
    check_values(tmp_path / "a.pth", weights, fits[0])
    first, other = fits[0].shared()[0][:2]
    torch.save(state | {other: state[other] + 1}, tmp_path / "a.pth")
    weights, fits = identify(tmp_path / "a.pth", read(tmp_path / "a.pth"))
    with pytest.raises(UserError, match=f"{other} and {first} are one tensor"):
        check_values(tmp_path / "a.pth", weights, fits[0])


def test_programs_and_arrays_are_named_as_what_they_are(tmp_path):
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(tmp_path / "a.pt"))
    with pytest.raises(UserError, match=r"is TorchScript, .*save its state_dict\(\)"):
        read(tmp_path / "a.pt")
    np.savez(tmp_path / "a.npz", weight=np.ones(3))
    with pytest.raises(UserError, match=r"archive of NumPy arrays \(.npz\)"):
        read(tmp_path / "a.npz")


def test_a_number_of_numpy_lets_no_code_in(tmp_path):
    """Only the numbers' own functions are allowed: an array of objects is still refused."""
    torch.save({"params": S, "more": np.array([object], dtype=object)}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="could run code: nothing was run"):
        read(tmp_path / "a.pth")


def test_the_index_knows_every_system_and_its_smallest_preset():
    assert set(index.index()) == set(CATALOGUE), "run: python -m paperlens.checkpoints.index"
    for system, entry in CATALOGUE.items():
        held = {preset for names in index.index()[system] for preset in names.presets}
        assert held == set(entry.presets), f"{system}: run python -m paperlens.checkpoints.index"
        for shapes, _ in recognise.forms(system, "tiny"):
            assert any("tiny" in names.candidates(shapes) for names in index.index()[system]), system


@pytest.mark.verify
def test_the_index_is_current():
    assert index.FILE.read_text(encoding="utf-8") == index.written(), (
        "run: python -m paperlens.checkpoints.index"
    )


def test_recognising_takes_less_than_a_second_beyond_torch(tmp_path):
    """And builds the one network that fits: no other configuration, and nothing with memory."""
    torch.save(S, tmp_path / "a.pth")
    script = f"""
import time, torch
import safetensors, einops, jaxtyping
started = time.process_time()
from pathlib import Path
from paperlens.checkpoints.load_command import main
main(["{tmp_path / "a.pth"}"])
print(time.process_time() - started)
from paperlens.checkpoints import recognise
print(recognise._on_meta.cache_info().currsize)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    *_, seconds, built = done.stdout.split()
    assert float(seconds) < 1, done.stdout + done.stderr
    assert built == "1"
