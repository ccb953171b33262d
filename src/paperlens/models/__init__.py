"""The catalogue: every system by name. Listing the names imports nothing; an entry imports its one file.

`build("swinir", "light_x2")` makes a published configuration, `build("swinir", "tiny", scale=4)` one with a
field replaced. A new system is one file and one row here (CONTRIBUTING.md, "Add a system in six steps").
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from torch import nn

from paperlens.models import facts
from paperlens.models.facts import Entry

FILES: Mapping[str, str] = {
    "alexnet": "paperlens.models.vision.alexnet",
    "alexnet_one_tower": "paperlens.models.vision.alexnet_one_tower",
    "annotated_transformer": "paperlens.models.language.annotated_transformer",
    "bert": "paperlens.models.language.bert",
    "bert_pretraining": "paperlens.models.language.bert_pretraining",
    "clip": "paperlens.models.vision.clip",
    "cpvt": "paperlens.models.vision.cpvt",
    "cvt": "paperlens.models.vision.cvt",
    "edsr": "paperlens.models.restoration.edsr",
    "elan": "paperlens.models.restoration.elan",
    "gan_discriminator": "paperlens.models.generative.gan_discriminator",
    "gan_generator": "paperlens.models.generative.gan_generator",
    "gmlp": "paperlens.models.vision.gmlp",
    "gpt": "paperlens.models.language.gpt",
    "hat": "paperlens.models.restoration.hat",
    "illama": "paperlens.models.vision.illama",
    "liif": "paperlens.models.arbitrary.liif",
    "mae": "paperlens.models.vision.mae",
    "mae_pretrain": "paperlens.models.vision.mae_pretrain",
    "maxim": "paperlens.models.restoration.maxim",
    "memnet": "paperlens.models.restoration.memnet",
    "meta_sr": "paperlens.models.arbitrary.meta_sr",
    "mhca": "paperlens.models.mri.mhca",
    "mimo_unet": "paperlens.models.restoration.mimo_unet",
    "minet": "paperlens.models.mri.minet",
    "mirnetv2": "paperlens.models.restoration.mirnetv2",
    "mlp_mixer": "paperlens.models.vision.mlp_mixer",
    "mmhca": "paperlens.models.mri.mmhca",
    "mprnet": "paperlens.models.restoration.mprnet",
    "mtrans": "paperlens.models.mri.mtrans",
    "nafnet": "paperlens.models.restoration.nafnet",
    "nested_unet": "paperlens.models.mri.nested_unet",
    "pvt": "paperlens.models.vision.pvt",
    "rdst": "paperlens.models.mri.rdst",
    "restormer": "paperlens.models.restoration.restormer",
    "sftgan": "paperlens.models.guidance.sftgan",
    "swin": "paperlens.models.vision.swin",
    "swinir": "paperlens.models.restoration.swinir",
    "t2net": "paperlens.models.mri.t2net",
    "tlc": "paperlens.models.restoration.tlc",
    "transformer": "paperlens.models.language.transformer",
    "ttsr": "paperlens.models.guidance.ttsr",
    "ttsr_main": "paperlens.models.guidance.ttsr_main",
    "two_stream": "paperlens.models.vision.two_stream",
    "visionllama": "paperlens.models.vision.visionllama",
    "vit": "paperlens.models.vision.vit",
    "vitpose": "paperlens.models.vision.vitpose",
    "vitpose_moe": "paperlens.models.vision.vitpose_moe",
}


class Catalogue(Mapping[str, Entry]):
    """The table of files as a mapping of name to Entry."""

    def __getitem__(self, name: str) -> Entry:
        return _read(FILES[name])

    def __contains__(self, name: object) -> bool:
        return name in FILES

    def __iter__(self) -> Iterator[str]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


CATALOGUE = Catalogue()


def build(name: str, preset: str, **overrides: Any) -> nn.Module:
    """The model `name` in its configuration `preset`, with single fields of the configuration replaced.

    Raises KeyError, which lists what there is, for an unknown name or preset; TypeError for a field that the
    configuration does not have; ValueError for a value that the model cannot take.
    """
    entry = _lookup(CATALOGUE, name, "model")
    config = replace(_lookup(entry.presets, preset, f"preset of {name}"), **overrides)
    return entry.model(config)


def system_of(model: nn.Module) -> Entry:
    """The entry of a model's class, found by the file that defines it, so that no other is imported; or KeyError."""
    for name, file in FILES.items():
        if file == type(model).__module__:
            return CATALOGUE[name]
    raise KeyError(f"{type(model).__name__} is not in the catalogue")


@cache
def _read(module: str) -> Entry:
    return facts.read(importlib.import_module(module))


def _lookup(table: Mapping[str, Any], key: str, what: str) -> Any:
    if key not in table:
        raise KeyError(f"no {what} is called {key!r}; there are {', '.join(sorted(table))}")
    return table[key]
