"""The process that opens untrusted NIfTI and HDF5 files for `hostile`, one after another, and may die of one.

Run as a script (`python -P opener.py MEMORY SECONDS`), never imported. It needs NumPy, nibabel and h5py alone,
so it starts in a fraction of a second. On standard input one JSON request a line: {"kind": "nifti" | "fastmri",
"path", "array": name or null}. On standard output JSON lines: {"at": field} before each step, so that the
parent knows what killed us; then {"error": [field, sentence]}, or {"facts": {...}} followed, where an array
was asked for, by its planes: the byte "p" and the plane's raw values, or "!" and an error line.
"""

import gzip
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from xml.etree import ElementTree

import h5py
import nibabel
import numpy as np

nifti: Any = nibabel  # most of its functions carry no annotations
orientations: Any = nibabel.orientations

MAX_AXIS = 2048
MAX_VOXELS = 1 << 26  # 64 million: eight times an IXI volume
MAX_BYTES = 4 << 30  # a 40-plane, 20-coil k-space of 640 x 400 has 1.6 GB
MAX_TEXT = 1 << 20
NUMBERS = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"}

Planes = tuple[dict[str, Any], Iterator[Any] | None]  # facts, and the planes where they were asked for


class FieldError(Exception):
    """(field, sentence): what the file has where something else was expected."""


def expect(holds: object, field: str, sentence: str) -> None:
    """Refuse the file unless `holds`."""
    if not holds:
        raise FieldError(field, sentence)


def nifti1(path: str, array: str | None, at: Callable[[str], None]) -> Planes:
    """Header checks of a NIfTI-1 file; voxels turned to planes feet-head, rows front-back, columns right-left."""
    with open(path, "rb") as raw:  # noqa: PTH123  # the script's one use of a path
        packed = raw.read(2) == b"\x1f\x8b"
    at("gzip stream" if packed else "header")
    with gzip.open(path) if packed else open(path, "rb") as stream:  # noqa: PTH123
        head = stream.read(348)
        expect(len(head) == 348, "header", f"expected 348 bytes, found {len(head)}")
        second = 540 in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
        expect(
            not second,
            "sizeof_hdr",
            "this is a NIfTI-2 file; expected NIfTI-1, convert it (nib-convert does)",
        )
        header = nifti.Nifti1Header(head, check=False)
        shape, dtype = _nifti_shape(header, at)
        affine = _nifti_affine(header, at)
        at("affine")
        turn = orientations.ornt_transform(
            orientations.io_orientation(affine), orientations.axcodes2ornt("LPS")
        )
        expect(np.isfinite(turn).all(), "affine", "expected three independent axes")
        turned = affine @ orientations.inv_ornt_aff(turn, shape)
        sides = np.empty(3, dtype=int)
        sides[turn[:, 0].astype(int)] = shape
        facts = {"shape": sides[::-1].tolist(), "dtype": "<f4", "affine": turned.tolist()}
        if array is None:
            return facts, None
        at("vox_offset")
        offset = float(header["vox_offset"])
        expect(352 <= offset <= MAX_TEXT, "vox_offset", f"expected 352 or a little more, found {offset:g}")
        at("voxels")
        need = int(offset) + int(np.prod(shape)) * dtype.itemsize - 348
        body = stream.read(need)
        expect(
            len(body) == need, "voxels", f"cut short: expected {need + 348} bytes, found {len(body) + 348}"
        )
        expect(not stream.read(1), "voxels", f"more bytes than dim {shape} and datatype {dtype} account for")
    voxels = np.asarray(nifti.Nifti1Image.from_bytes(head + body).dataobj, dtype=np.float32)
    voxels = orientations.apply_orientation(voxels.reshape(shape), turn)
    return facts, (np.ascontiguousarray(plane.T) for plane in np.moveaxis(voxels, 2, 0))


def _nifti_shape(header: Any, at: Callable[[str], None]) -> tuple[tuple[int, ...], Any]:
    at("magic")
    size, magic = int(header["sizeof_hdr"]), bytes(header["magic"].item())
    expect(size == 348, "sizeof_hdr", f"expected 348, found {size}: this is not a NIfTI-1 file")
    expect(magic[:3] == b"n+1", "magic", f"expected b'n+1', found {magic!r}: this is not a NIfTI-1 file")
    at("dim")
    axes = [int(n) for n in header["dim"]]
    space = axes[1:4]
    flat = axes[0] == 3 or (3 < axes[0] <= 7 and all(n == 1 for n in axes[4 : axes[0] + 1]))
    expect(flat, "dim", f"expected one volume of 3 axes, found {axes[0]} axes {axes[1:]}")
    expect(
        all(4 <= n <= MAX_AXIS for n in space),
        "dim",
        f"expected 4 to {MAX_AXIS} voxels a side, found {space}",
    )
    expect(np.prod(space) <= MAX_VOXELS, "dim", f"expected at most {MAX_VOXELS} voxels, found {space}")
    at("datatype")
    dtype = header.get_data_dtype()
    expect(dtype.str[1:] in NUMBERS, "datatype", f"expected real numbers, found {dtype}")
    bits = int(header["bitpix"])
    expect(bits == 8 * dtype.itemsize, "bitpix", f"expected {8 * dtype.itemsize} for {dtype}, found {bits}")
    at("scl_slope")
    header.get_slope_inter()
    return tuple(space), dtype


def _nifti_affine(header: Any, at: Callable[[str], None]) -> Any:
    at("pixdim")
    sides = [float(v) for v in header["pixdim"][1:4]]
    expect(all(0.05 <= v <= 50 for v in sides), "pixdim", f"expected voxels of 0.05 to 50 mm, found {sides}")
    units = int(header["xyzt_units"]) & 7
    expect(units in (0, 2), "xyzt_units", f"expected 2 (millimetres), found {units}")
    at("sform_code")
    codes = int(header["qform_code"]), int(header["sform_code"])
    expect(max(codes) > 0, "sform_code", "qform_code and sform_code are both 0: no orientation is given")
    field = "srow" if codes[1] > 0 else "quatern"
    at(field)
    affine = np.asarray(header.get_best_affine(), dtype=np.float64)
    expect(np.isfinite(affine).all(), field, "expected finite numbers in the affine")
    expect(np.abs(affine).max() < 1e5, field, "expected positions within 100 m of the scanner's centre")
    norms = np.linalg.norm(affine[:3, :3], axis=0)
    expect(
        np.allclose(norms, sides, rtol=0.1),
        field,
        f"the affine's voxels {norms.round(3).tolist()} mm contradict pixdim {sides}",
    )
    volume = abs(np.linalg.det(affine[:3, :3] / norms))
    expect(volume > 0.5, field, "expected nearly perpendicular axes")
    return affine


def fastmri(path: str, array: str | None, at: Callable[[str], None]) -> Planes:
    """Keys, shapes, attributes and header of a fastMRI HDF5 file; `array`: the data set to send."""
    at("file")
    with open(path, "rb") as raw:  # noqa: PTH123
        signature = raw.read(8)
    expect(signature == b"\x89HDF\r\n\x1a\n", "file", f"expected the HDF5 signature, found {signature!r}")
    file = h5py.File(path, "r", locking=False)
    facts: dict[str, Any] = {}
    at("kspace")
    kspace = _dataset(file, "kspace", np.dtype(np.complex64), (3, 4))
    expect(kspace is not None, "kspace", "there is no such data set: this is not a fastMRI file")
    facts["kspace"] = list(kspace.shape)
    for name in ("reconstruction_esc", "reconstruction_rss"):
        at(name)
        found = _dataset(file, name, np.dtype(np.float32), (3,))
        if found is not None:
            expect(
                found.shape[0] == kspace.shape[0],
                name,
                f"expected {kspace.shape[0]} planes as in kspace, found {found.shape[0]}",
            )
            facts[name] = list(found.shape)
    at("mask")
    facts["mask"] = _hard(file, "mask")
    for name in ("acquisition", "patient_id"):
        at(name)
        facts[name] = _attribute(file, name, str)
    for name in ("max", "norm"):  # of the reconstruction: test files have none
        at(name)
        if name in file.attrs or not facts["mask"]:
            facts[name] = _attribute(file, name, float)
    facts.update(_ismrmrd(file, at))
    if array is None:
        return facts, None
    at(array)
    chosen = file[array]
    facts |= {"shape": list(chosen.shape), "dtype": chosen.dtype.newbyteorder("<").str}
    return facts, (chosen[i] for i in range(len(chosen)))


def _hard(file: Any, name: str) -> bool:
    if not file.id.links.exists(name.encode()):  # unlike `name in file`, this follows no link
        return False
    kind = file.id.links.get_info(name.encode()).type
    expect(kind == h5py.h5l.TYPE_HARD, name, "is a link to another place; expected the data themselves")
    return True


def _dataset(file: Any, name: str, dtype: Any, axes: tuple[int, ...]) -> Any:
    if not _hard(file, name):
        return None
    found = file[name]
    expect(isinstance(found, h5py.Dataset), name, "is a group; expected a data set")
    expect(not found.external and not found.is_virtual, name, "keeps its data in another file")
    expect(found.dtype == dtype, name, f"expected {dtype}, found {found.dtype}")
    shape = found.shape or ()
    expect(len(shape) in axes, name, f"expected {' or '.join(map(str, axes))} axes, found shape {shape}")
    expect(all(1 <= n <= MAX_AXIS for n in shape), name, f"expected 1 to {MAX_AXIS} a side, found {shape}")
    expect(min(shape[-2:]) >= 4, name, f"expected planes of at least 4 x 4, found shape {shape}")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    expect(size <= MAX_BYTES, name, f"expected at most {MAX_BYTES} bytes, found {size}")
    return found


def _attribute(file: Any, name: str, kind: type) -> Any:
    expect(name in file.attrs, name, "there is no such attribute")
    value = file.attrs[name]
    if kind is str:
        text = value.decode("utf-8") if isinstance(value, bytes) else value
        expect(isinstance(text, str), name, f"expected a text, found {type(text).__name__}")
        expect(
            0 < len(text) <= 200 and text.isprintable(), name, "expected a printable text of 1 to 200 letters"
        )
        return str(text)
    expect(np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiu", name, "expected one number")
    expect(np.isfinite(value) and value > 0, name, f"expected a number above 0, found {value}")
    return float(value)


def _ismrmrd(file: Any, at: Callable[[str], None]) -> dict[str, Any]:
    field = "ismrmrd_header"
    at(field)
    expect(_hard(file, field), field, "there is no such data set")
    found = file[field]
    expect(isinstance(found, h5py.Dataset) and found.shape == (), field, "expected one text")
    expect(not found.external and not found.is_virtual, field, "keeps its data in another file")
    text = found[()]
    text = text.encode() if isinstance(text, str) else bytes(text)
    expect(
        len(text) <= MAX_TEXT and b"<!" not in text.replace(b"<!--", b""), field, "expected plain, short XML"
    )
    root = ElementTree.fromstring(text)
    facts: dict[str, Any] = {}
    for key, tag, top in (("matrix", "matrixSize", MAX_AXIS), ("fov_mm", "fieldOfView_mm", 2000)):
        values = []
        for axis in "xyz":
            node = root.find(f"{{*}}encoding/{{*}}reconSpace/{{*}}{tag}/{{*}}{axis}")
            expect(node is not None, field, f"there is no reconSpace/{tag}/{axis}")
            values.append(float((node.text if node is not None else None) or "nan"))
        expect(
            all(0 < v <= top for v in values), field, f"reconSpace/{tag}: expected 0 to {top}, found {values}"
        )
        facts[key] = values
    return facts


def main(memory: int, seconds: int) -> None:
    """Serve requests until standard input ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not reach the parent as an answer
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
    say(out, {"ready": True})
    for line in sys.stdin.buffer:
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        allowed = int(used) + seconds + 1  # should the parent die while a file keeps us busy
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        serve(json.loads(line), out)


def serve(request: dict[str, Any], out: BinaryIO) -> None:
    """Answer one request."""
    step = "file"

    def at(field: str) -> None:
        nonlocal step
        step = field
        say(out, {"at": field})

    begun = False
    try:
        facts, planes = {"nifti": nifti1, "fastmri": fastmri}[request["kind"]](
            request["path"], request["array"], at
        )
        say(out, {"facts": facts})
        begun = True
        for plane in planes or ():
            values = np.ascontiguousarray(plane, dtype=facts["dtype"])
            out.write(b"p")
            out.write(values.data)
        out.flush()
    except BrokenPipeError:
        sys.exit()  # the parent has gone
    except FieldError as error:
        say(out, {"error": list(error.args)}, begun)
    except MemoryError:
        say(out, {"error": [step, "reading it needs more memory than any such file should"]}, begun)
    except Exception as error:  # a damaged file makes these libraries raise nearly anything
        reason = (str(error).splitlines() or [""])[0][:200]
        say(out, {"error": [step, f"cannot be read ({type(error).__name__}: {reason})"]}, begun)


def say(out: BinaryIO, message: dict[str, Any], begun: bool = False) -> None:
    """One JSON line; after planes have begun, behind the byte that says so."""
    out.write((b"!" if begun else b"") + json.dumps(message).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
