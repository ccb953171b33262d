"""The tensors of a checkpoint file from anywhere: read in bounded size, and nothing in it is ever executed.

Published files differ in their packing: a plain state, a state under `params` or `state_dict`, names that all
begin with `module.`. `read` takes the packing off and says what it took off.
"""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from paperlens.errors import UserError

MAX_BYTES = 4_000_000_000  # nine times the largest file of the catalogue (NAFNet width 64, 464 MB)
# In the order of preference: where a file holds a running average too, the authors publish that one's scores.
WRAPPERS = ("params_ema", "params", "state_dict", "model", "net")
PREFIXES = ("module.", "_orig_mod.", *(f"{wrapper}." for wrapper in WRAPPERS))
MAX_NESTING = 3
# How torch words a refusal; all else that it refuses is damage.
ASKS_FOR_CODE = ("Unsupported global", "Unsupported class", "Trying to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Name -> tensor as the authors' network names them, and the packing that was taken off, outermost first."""

    state: Mapping[str, Tensor]
    packing: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape."""
        return {name: tuple(tensor.shape) for name, tensor in self.state.items()}


def read(path: Path) -> Weights:
    """The weights in a .pth, .pt or .safetensors file, told apart by their first bytes.

    Raises UserError, one sentence, for a file that is missing, larger than `MAX_BYTES`, cut short, no
    checkpoint, without tensors, or that asks for anything but tensors.
    """
    if not path.is_file():
        raise UserError(f"there is no file {str(path)!r}; give the path of a .pth or .safetensors file.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UserError(f"{str(path)!r} has {size:,} bytes, more than {MAX_BYTES:,}; it was not opened.")
    with path.open("rb") as file:
        start = file.read(9)
    if start[8:] == b"{":
        return _unwrapped(path, _read_safetensors(path))
    if start.startswith(b"PK\x03\x04"):
        _check_archive(path)
    elif not start.startswith(b"\x80"):  # the first byte of every binary pickle, torch's format before 1.6
        raise UserError(f"{str(path)!r} is not a checkpoint; expected a .pth or .safetensors file.")
    return _unwrapped(path, _read_torch(path))


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
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise UserError(f"{str(path)!r} is a compressed archive, not a checkpoint of torch; unpack it first.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_BYTES:
        raise UserError(f"{str(path)!r} claims {unpacked:,} bytes, more than {MAX_BYTES:,}; it was not read.")


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old files: torch's advice is for their authors
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


def _unwrapped(path: Path, content: Any) -> Weights:
    packing: list[str] = []
    for _ in range(MAX_NESTING):
        key = _wrapper(content)
        if key is None:
            break
        packing.append(key)
        content = content[key]
    tensors = content if isinstance(content, Mapping) else {}
    state = {n: t for n, t in tensors.items() if isinstance(n, str) and isinstance(t, Tensor)}
    if not state:
        keys = ", ".join(str(key)[:30] for key in list(tensors)[:5]) or type(content).__name__
        raise UserError(f"{str(path)!r} holds no named tensors (found {keys}); expected a network's weights.")
    if any(t.layout != torch.strided or t.is_quantized or t.is_meta for t in state.values()):
        raise UserError(f"{str(path)!r} holds sparse, quantised or empty tensors; expected plain ones.")
    while prefix := next((p for p in PREFIXES if all(n.startswith(p) and n != p for n in state)), None):
        packing.append(prefix)
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return Weights(state=state, packing=tuple(packing))


def _wrapper(content: Any) -> str | None:
    """The key under which the state lies, if there is one."""
    if not isinstance(content, Mapping):
        return None
    return next((key for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
