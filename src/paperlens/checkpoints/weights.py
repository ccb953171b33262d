"""The tensors of a checkpoint file from anywhere: read in bounded size, and nothing in it is ever executed.

Published files differ in their packing: a plain state, a state under `params` or `state_dict` or any other key, two
states side by side (a network and its running average, a generator and its loss network), names that all begin with
`module.`, counters among the weights. `read` gives every state that the file may mean, the likeliest first, each with
what was taken off; which of them is a network of the course, `identify` tells by its names.
"""

import itertools
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from paperlens.errors import UserError

MAX_BYTES = 4_000_000_000  # nine times the largest file of the catalogue (NAFNet width 64, 464 MB)
# A running average first: where a file holds one too, the authors publish its scores.
AVERAGE = re.compile(r"(^|[_.])ema([_.\d]|$)", re.IGNORECASE)
WRAPPERS = ("params", "state_dict", "model", "net")  # then what most files call the network itself
PREFIXES = ("module.", "_orig_mod.", *(f"{wrapper}." for wrapper in WRAPPERS))
# Numbers that training and profiling leave among the weights; only a single number is ever taken for one.
COUNTER = re.compile(
    r"(.*[._])?(ops|params|steps?|iter|iterations?|epochs?|count(er)?|averaged|updates|decay)"
)
MAX_NESTING = 3
MOST_PARTS = 24  # of a state, that are tried alone
EIGHT_BITS = (torch.int8, torch.uint8, torch.int16)
OTHER_FORMATS = {
    b"\x89HDF": "an HDF5 file (Keras keeps weights so)",
    b"\x93NUMPY": "an array of NumPy (.npy)",
    b"GGUF": "a GGUF file",
    b"\x89PNG": "a picture",
}
# How torch words a refusal; all else that it refuses is damage.
ASKS_FOR_CODE = ("Unsupported global", "Unsupported class", "Trying to")


# A number of NumPy beside the weights (an epoch, a score) is data: the two functions and the types that it is made of.
_scalar: Any = np._core.multiarray.scalar  # type: ignore[attr-defined]
NUMBERS: tuple[Any, ...] = (
    (_scalar, "numpy.core.multiarray.scalar"),
    (_scalar, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(
        type(np.dtype(kind))
        for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Name -> tensor as the authors' network names them, the packing taken off, outermost first, and what was left."""

    state: Mapping[str, Tensor]
    packing: tuple[str, ...]
    aside: tuple[str, ...] = ()  # names in the file that are no part of the state

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape."""
        return {name: tuple(tensor.shape) for name, tensor in self.state.items()}


def read(path: Path) -> list[Weights]:
    """The states that a .pth, .pt or .safetensors file may mean, the likeliest first; told by its first bytes.

    Raises UserError, one sentence, for a file that is missing, larger than `MAX_BYTES`, cut short, no
    checkpoint, without tensors, or that asks for anything but tensors and plain values.
    """
    if not path.is_file():
        raise UserError(f"there is no file {str(path)!r}; give the path of a .pth or .safetensors file.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UserError(f"{str(path)!r} has {size:,} bytes, more than {MAX_BYTES:,}; it was not opened.")
    with path.open("rb") as file:
        start = file.read(9)
    if start[8:] == b"{":
        return _states(path, _read_safetensors(path))
    if start.startswith(b"PK\x03\x04"):
        _check_archive(path)
    elif not start.startswith(b"\x80"):  # the first byte of every binary pickle, torch's format before 1.6
        kind = next((f"{kind}, " for magic, kind in OTHER_FORMATS.items() if start.startswith(magic)), "")
        raise UserError(f"{str(path)!r} is {kind}not a checkpoint; expected a .pth or .safetensors file.")
    return _states(path, _read_torch(path))


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError, ValueError) as error:
        raise UserError(f"{str(path)!r} is damaged or cut short ({error}); download it again.") from error


def _check_archive(path: Path) -> None:
    """torch stores its members uncompressed; a compressed one could unpack to any size."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"{str(path)!r} is damaged or cut short ({error}); download it again.") from error
    names = [member.filename for member in members]
    if any(name.endswith("constants.pkl") for name in names) or any("/code/" in name for name in names):
        raise UserError(
            f"{str(path)!r} is TorchScript, a program with its weights, and programs are not run here; "
            "save its state_dict() to a file of its own."
        )
    if any(name.endswith(".npy") for name in names):
        raise UserError(
            f"{str(path)!r} is an archive of NumPy arrays (.npz), not a checkpoint of torch; "
            "save the arrays as a dictionary of tensors."
        )
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise UserError(f"{str(path)!r} is a compressed archive, not a checkpoint of torch; unpack it first.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_BYTES:
        raise UserError(f"{str(path)!r} claims {unpacked:,} bytes, more than {MAX_BYTES:,}; it was not read.")


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old files: torch's advice is for their authors
            with torch.serialization.safe_globals(list(NUMBERS)):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if any(words in str(error) for words in ASKS_FOR_CODE):
            raise UserError(
                f"{str(path)!r} holds Python objects beside its tensors, and reading those could run code: "
                "nothing was run; ask for a file of weights alone."
            ) from error
        raise UserError(f"{str(path)!r} is no checkpoint, or a damaged one; download it again.") from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        MemoryError,
    ) as error:
        # What torch raises for bytes that break off or contradict themselves.
        raise UserError(f"{str(path)!r} is damaged or cut short; download it again.") from error


def _states(path: Path, content: Any) -> list[Weights]:
    found = [_plain(tensors, packing) for packing, tensors in _mappings(content)]
    if not found:
        keys = list(content)[:5] if isinstance(content, Mapping) else []
        held = ", ".join(str(key)[:30] for key in keys) or type(content).__name__
        raise UserError(f"{str(path)!r} holds no named tensors (found {held}); expected a network's weights.")
    broken = [fault for one in found if (fault := _fault(one.state))]
    if len(broken) == len(found):
        raise UserError(f"{str(path)!r} {broken[0]}.")
    sound = [one for one in found if not _fault(one.state)]
    return [form for one in sound for form in (one, *_beneath(one))]


def _mappings(
    content: Any, packing: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Every dictionary in the file that holds named tensors, the likeliest first, with the keys that lead to it."""
    if not isinstance(content, Mapping) or len(packing) > MAX_NESTING:
        return
    keys = [key for key in content if isinstance(key, str)]
    inner = [key for key in keys if isinstance(content[key], Mapping)]
    for key in sorted(inner, key=_rank):
        yield from _mappings(content[key], (*packing, key))
    tensors = {key: content[key] for key in keys if isinstance(content[key], Tensor)}
    if tensors:
        yield packing, tensors


def _rank(key: str) -> tuple[bool, int]:
    """Sorts averages before networks and known names before others; what trains the network comes last."""
    last = len(WRAPPERS) + 1
    known = WRAPPERS.index(key) if key in WRAPPERS else last if "optim" in key else last - 1
    return not AVERAGE.search(key), known


def _plain(tensors: dict[str, Tensor], packing: tuple[str, ...]) -> Weights:
    """Counters left aside, prefixes that all names share taken off, numbers of 8 bits as float32 (exactly)."""
    counters = tuple(n for n, t in tensors.items() if t.numel() == 1 and COUNTER.fullmatch(n))
    rest = {n: t for n, t in tensors.items() if n not in counters} or tensors
    state = {
        n: t.float() if t.dtype.is_floating_point and t.dtype.itemsize == 1 else t for n, t in rest.items()
    }
    taken = list(packing)
    while prefix := next((p for p in PREFIXES if all(n.startswith(p) and n != p for n in state)), None):
        taken.append(prefix)
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return Weights(state=state, packing=tuple(taken), aside=tuple(n for n in tensors if n not in rest))


def _beneath(whole: Weights) -> Iterator[Weights]:
    """The parts of a state whose names begin alike (`generator.`, `net_g.model.`), averages first, then the largest."""
    parts: dict[str, list[str]] = {}
    for name in whole.state:
        pieces = name.split(".")
        for depth in range(1, min(len(pieces), MAX_NESTING + 1)):
            parts.setdefault("".join(f"{piece}." for piece in pieces[:depth]), []).append(name)
    likely = sorted(parts, key=lambda p: (not AVERAGE.search(p), -len(parts[p]), len(p)))
    for prefix in itertools.islice(likely, MOST_PARTS):
        names = set(parts[prefix])
        yield Weights(
            state={name.removeprefix(prefix): whole.state[name] for name in parts[prefix]},
            packing=(*whole.packing, prefix),
            aside=(*whole.aside, *(name for name in whole.state if name not in names)),
        )


def _fault(state: Mapping[str, Tensor]) -> str | None:
    """What makes these tensors no weights, with the first tensor's name."""
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            return "holds sparse, quantised or empty tensors; expected plain ones"
        if tensor.is_complex() or (tensor.dtype in EIGHT_BITS and tensor.numel() > 1):
            kind = str(tensor.dtype).removeprefix("torch.")
            return f"holds {kind} numbers in {name!r}; expected floating-point weights"
        if tensor.is_floating_point() and not (finite := torch.isfinite(tensor)).all():
            count = tensor.numel() - int(finite.sum())
            return f"has {count} of {tensor.numel()} numbers in {name!r} that are NaN or infinite; training had broken"
    return None
