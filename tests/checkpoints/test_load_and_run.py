"""`paperlens load` and `paperlens run` as a person uses them."""

import numpy as np
import pytest
import torch
from files import published_state
from PIL import Image
from safetensors.torch import save_file

from paperlens import cli
from paperlens.models import build, published


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files in the authors' format, and pictures."""
    place = tmp_path_factory.mktemp("checkpoints")
    state = published_state("swinir_s_x2")
    torch.save({"params": state}, place / "swinir.pth")
    save_file(state, place / "swinir.safetensors")
    torch.save({"params": state | {"norm.bias": torch.ones(61)}}, place / "near.pth")
    torch.save({"encoder.foo": torch.ones(3)}, place / "else.pth")
    for system, preset in (("rdst", "tiny"), ("nafnet", "tiny"), ("ttsr", "tiny")):
        torch.manual_seed(0)
        model = build(system, preset)
        slots = {s.name: s.published(s.tensor).detach().clone() for s in published.published_slots(model)}
        torch.save({"params": slots}, place / f"{system}.pth")
    pixels = np.random.default_rng(0).integers(0, 256, (21, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(place / "colour.png")
    Image.fromarray(pixels[..., 0]).save(place / "grey.png")
    Image.new("RGB", (8192, 4)).save(place / "wide.png")
    (place / "folder.png").mkdir()
    return place


@pytest.fixture
def paperlens(folder, capsys, monkeypatch):
    """Runs in the folder and gives exit code, stdout and stderr."""
    monkeypatch.chdir(folder)

    def call(*arguments):
        code = cli.main(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return call


@pytest.mark.parametrize(
    ("file", "packing"), [("swinir.pth", "params"), ("swinir.safetensors", "none, a plain state")]
)
def test_load_gives_the_evidence(paperlens, file, packing):
    code, out, _ = paperlens("load", file)
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[:4] == [
        f"{file}: swinir light_x2",
        "tensors 330 of 330 agree in name and shape",
        "parameters 910,152",
        f"packing {packing}",
    ]


def test_load_names_what_fits_too(paperlens):
    _, out, _ = paperlens("load", "nafnet.pth")
    assert out.startswith("nafnet.pth: nafnet tiny\n")
    assert "fits also   tlc tiny" in out


def test_load_tells_the_nearest(paperlens):
    code, _, err = paperlens("load", "near.pth")
    assert code == 2
    assert "nearest is swinir light_x2, where 329 of 330 tensors agree and 1 differ" in err
    assert err.splitlines()[-1].split() == ["norm.bias", "61", "60"]


def test_load_of_a_stranger(paperlens):
    code, _, err = paperlens("load", "else.pth")
    assert code == 2
    assert "fits no system of this course: none of its 1 tensors (encoder.foo" in err


def test_run_is_the_network(paperlens, folder):
    code, _, err = paperlens("run", "swinir.pth", "colour.png", "-o", "out.png")
    assert code == 0
    assert "swinir light_x2, 910,152 parameters" in err
    image = (
        torch.from_numpy(np.asarray(Image.open(folder / "colour.png")).copy()).permute(2, 0, 1)[None] / 255
    )
    model = published.load(build("swinir", "light_x2"), published_state("swinir_s_x2")).eval()
    with torch.inference_mode():
        expected = (model(image)[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    result = np.asarray(Image.open(folder / "out.png"))
    assert result.shape == (42, 60, 3)
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_run_in_tiles_shows_its_progress(paperlens, folder):
    code, _, err = paperlens(
        "run", "nafnet.pth", "colour.png", "-o", "tiled.png", "--tile", "16", "--overlap", "8"
    )
    assert code == 0
    assert "6/6" in err
    assert Image.open(folder / "tiled.png").size == (30, 21)


@pytest.mark.parametrize(
    ("names", "mode", "said"),
    [
        (("rdst.pth", "colour.png"), "L", "its brightness was taken"),
        (("rdst.pth", "grey.png"), "L", "White is taken"),
        (("nafnet.pth", "grey.png"), "RGB", "was repeated in all three"),
    ],
)
def test_grey_and_colour(paperlens, folder, names, mode, said):
    code, _, err = paperlens("run", *names, "-o", "out.png")
    assert code == 0
    assert said in err
    assert Image.open(folder / "out.png").mode == mode


def test_another_system_that_fits(paperlens):
    code, _, err = paperlens("run", "nafnet.pth", "colour.png", "-o", "out.png", "--system", "tlc")
    assert code == 0
    assert "tlc tiny" in err
    code, _, err = paperlens("run", "nafnet.pth", "colour.png", "-o", "out.png", "--system", "hat")
    assert code == 2
    assert "does not fit 'hat'; it fits 'nafnet tiny', 'tlc tiny'" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ttsr.pth", "colour.png", "-o", "no.png"), "takes a reference picture too"),
        (("swinir.pth", "colour.png", "-o", "no.gif"), "a picture ends in .png"),
        (("swinir.pth", "missing.png", "-o", "no.png"), "there is no file 'missing.png'"),
        (("nafnet.pth", "colour.png", "-o", "no.where/no.png"), "lies in 'no.where', which is no folder"),
        (("nafnet.pth", "colour.png", "-o", "folder.png"), "is a folder"),
        (("swinir.pth", "wide.png", "-o", "no.webp"), "would be 16,384 pixels long, and WEBP ends at 16,383"),
        (("colour.png", "colour.png", "-o", "no.png"), "is a picture, not a checkpoint"),
        (
            ("nafnet.pth", "colour.png", "-o", "no.png", "--overlap", "200"),
            "overlap 200 must be from 0 to half of tile 256",
        ),
    ],
)
def test_mistakes_end_in_a_sentence_and_no_picture(paperlens, folder, arguments, said):
    code, _, err = paperlens("run", *arguments)
    assert code == 2
    assert said in err
    assert not list(folder.glob("no.*"))
