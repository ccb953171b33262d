"""What a model's file must say is asked for by name; what it may leave out has a default."""

from types import ModuleType

import pytest
from torch import nn

from paperlens.models import CATALOGUE, build, facts, system_of

ENOUGH = {
    "MODEL": nn.Identity,
    "CONFIG": int,
    "PRESETS": {"tiny": 1},
    "PARAMETERS": {"tiny": 0},
    "ORIGIN": "owner/repository",
    "LICENCE": "MIT",
    "NOT_A_PICTURE": "sentences",
    "example": lambda config, batch=2, step=0: (),
}


def file(**told):
    module = ModuleType("paperlens.models.some")
    vars(module).update(told)
    return module


def test_defaults():
    entry = facts.read(file(**ENOUGH))
    assert (entry.goldens, entry.heavy, entry.float32, entry.macs, entry.call) == ({}, (), (), {}, None)
    assert entry.dropped(1) == {} and entry.run_published(nn.Identity(), 3) == 3
    assert facts.read(file(**ENOUGH, dead=lambda config: ("a",))).dead(1) == ("a",)


@pytest.mark.parametrize("name", ENOUGH)
def test_what_is_missing_is_named(name):
    with pytest.raises(TypeError, match=rf"models\.some does not say its .*{name.lower()}"):
        facts.read(file(**{key: value for key, value in ENOUGH.items() if key != name}))


def test_a_system_takes_pictures_or_it_does_not():
    with pytest.raises(TypeError, match="either call or not_a_picture"):
        facts.read(file(**ENOUGH, CALL=facts.Picture()))


def test_the_system_of_a_model():
    assert system_of(build("vit", "tiny")) is CATALOGUE["vit"]
    with pytest.raises(KeyError, match="Identity is not in the catalogue"):
        system_of(nn.Identity())
