"""The catalogue: every system by name, as one plain table.

`build("swinir", "light_x2")` makes a published configuration, `build("swinir", "tiny", scale=4)` one with a
field replaced. A new system is one file, one import and one row here (CONTRIBUTING.md, "Add a system in seven
steps").
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from torch import nn

from paperlens.models.guidance import ttsr, ttsr_main
from paperlens.models.language import transformer
from paperlens.models.mri import mhca, minet, mtrans, rdst, t2net
from paperlens.models.restoration import edsr, hat, mprnet, nafnet, restormer, swinir, tlc
from paperlens.models.vision import swin, vit


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: the class, its config's class, the presets, the exact parameter count of each, the file."""

    model: type[nn.Module]
    config: type[Any]
    presets: Mapping[str, Any]
    parameters: Mapping[str, int]
    module: ModuleType


CATALOGUE: dict[str, Entry] = {
    "edsr": Entry(edsr.EDSR, edsr.EDSRConfig, edsr.PRESETS, edsr.PARAMETERS, edsr),
    "hat": Entry(hat.HAT, hat.HATConfig, hat.PRESETS, hat.PARAMETERS, hat),
    "mprnet": Entry(mprnet.MPRNet, mprnet.MPRNetConfig, mprnet.PRESETS, mprnet.PARAMETERS, mprnet),
    "nafnet": Entry(nafnet.NAFNet, nafnet.NAFNetConfig, nafnet.PRESETS, nafnet.PARAMETERS, nafnet),
    "rdst": Entry(rdst.RDST, rdst.RDSTConfig, rdst.PRESETS, rdst.PARAMETERS, rdst),
    "restormer": Entry(
        restormer.Restormer, restormer.RestormerConfig, restormer.PRESETS, restormer.PARAMETERS, restormer
    ),
    "mhca": Entry(mhca.MHCA, mhca.MHCAConfig, mhca.PRESETS, mhca.PARAMETERS, mhca),
    "mmhca": Entry(mhca.MMHCA, mhca.MMHCAConfig, mhca.MMHCA_PRESETS, mhca.MMHCA_PARAMETERS, mhca),
    "minet": Entry(minet.MINet, minet.MINetConfig, minet.PRESETS, minet.PARAMETERS, minet),
    "mtrans": Entry(mtrans.MTrans, mtrans.MTransConfig, mtrans.PRESETS, mtrans.PARAMETERS, mtrans),
    "swin": Entry(swin.Swin, swin.SwinConfig, swin.PRESETS, swin.PARAMETERS, swin),
    "swinir": Entry(swinir.SwinIR, swinir.SwinIRConfig, swinir.PRESETS, swinir.PARAMETERS, swinir),
    "t2net": Entry(t2net.T2Net, t2net.T2NetConfig, t2net.PRESETS, t2net.PARAMETERS, t2net),
    "tlc": Entry(tlc.TLC, tlc.TLCConfig, tlc.PRESETS, tlc.PARAMETERS, tlc),
    "transformer": Entry(
        transformer.Transformer,
        transformer.TransformerConfig,
        transformer.PRESETS,
        transformer.PARAMETERS,
        transformer,
    ),
    "ttsr": Entry(ttsr.TTSR, ttsr.TTSRConfig, ttsr.PRESETS, ttsr.PARAMETERS, ttsr),
    "ttsr_main": Entry(
        ttsr_main.TTSRMain, ttsr_main.TTSRMainConfig, ttsr_main.PRESETS, ttsr_main.PARAMETERS, ttsr_main
    ),
    "vit": Entry(vit.ViT, vit.ViTConfig, vit.PRESETS, vit.PARAMETERS, vit),
}


def build(name: str, preset: str, **overrides: Any) -> nn.Module:
    """The model `name` in its configuration `preset`, with single fields of the configuration replaced.

    Raises KeyError, which lists what there is, for an unknown name or preset; TypeError for a field that the
    configuration does not have; ValueError for a value that the model cannot take.
    """
    entry = _lookup(CATALOGUE, name, "model")
    config = replace(_lookup(entry.presets, preset, f"preset of {name}"), **overrides)
    return entry.model(config)


def _lookup(table: Mapping[str, Any], key: str, what: str) -> Any:
    if key not in table:
        raise KeyError(f"no {what} is called {key!r}; there are {', '.join(sorted(table))}")
    return table[key]
