"""Damaged and hostile files end in one sentence that names file and field, whatever the library makes of them."""

import gzip
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import mr_files
import numpy as np
import pytest

from paperlens.data.fastmri_files import fastmri
from paperlens.data.hostile import Opener, RefusedError, opener
from paperlens.data.ixi_files import ixi
from paperlens.data.nifti_files import read

MUTATIONS = 200


def mutated(content: bytes, seed: int, reach: int) -> bytes:
    """One of six kinds of damage within the first `reach` bytes; the kind and the place are drawn from `seed`."""
    rng = np.random.default_rng(seed)
    data = bytearray(content)
    place = int(rng.integers(min(reach, len(data))))
    length = int(rng.integers(1, 64))
    kind = seed % 6
    if kind == 0:
        return bytes(data[:place])
    if kind == 1:
        data[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        data[place : place + length] = bytes(rng.integers(0, 256, length, dtype=np.uint8))
    elif kind == 3:
        data[place : place + length] = b"\xff" * length
    elif kind == 4:
        del data[place : place + length]
    else:
        data[place:place] = bytes(rng.integers(0, 256, length, dtype=np.uint8))
    return bytes(data)


def outcome(folder: Path, name: str, take: Callable[[Path], None]) -> bool:
    """Whether it was refused; anything but a sound volume or a sentence with file and field fails."""
    try:
        take(folder)
    except RefusedError as error:
        sentence = str(error)
        assert name in sentence and f"', {error.field}: " in sentence and sentence.endswith(".")
        assert "\n" not in sentence and len(sentence) < 600 and "Traceback" not in sentence
        return True
    return False


def take_ixi(folder: Path) -> None:
    volume = ixi(folder)[0].volume("T2")
    assert volume.voxels.isfinite().all() and volume.voxels.min() >= 0 and volume.affine.isfinite().all()


def take_fastmri(folder: Path) -> None:
    (patient,) = fastmri(folder)
    assert patient.kspace(patient.contrasts[0]).abs().isfinite().all()
    assert patient.volume(patient.contrasts[0]).voxels.isfinite().all()


def test_mutated_nifti(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path)
    packed = path.read_bytes()
    plain = gzip.decompress(packed)
    refused = 0
    for seed in range(MUTATIONS):
        if seed % 3 == 0:  # damage to the compressed stream, else to what is in it
            path.write_bytes(mutated(packed, seed // 3, len(packed)))
        else:
            path.write_bytes(gzip.compress(mutated(plain, seed, 352), 1, mtime=0))
        refused += outcome(tmp_path, path.name, take_ixi)
    assert MUTATIONS // 2 < refused < MUTATIONS  # a flipped voxel cannot be told from a measured one


def test_mutated_hdf5(tmp_path: Path) -> None:
    path = mr_files.write_fastmri(tmp_path)
    content = path.read_bytes()
    start = content.index(b"TREE")  # the first node of the file's index
    refused = 0
    for seed in range(MUTATIONS):
        reach = (start + 512, 4096, len(content))[seed % 3]
        path.write_bytes(mutated(content, seed // 3 + 1000 * (seed % 3), reach))
        refused += outcome(tmp_path, path.name, take_fastmri)
    assert MUTATIONS // 4 < refused < MUTATIONS


@pytest.mark.verify
@pytest.mark.parametrize("seed", range(6))
def test_many_more_mutations(seed: int, tmp_path: Path) -> None:
    nifti, hdf5 = mr_files.write_ixi(tmp_path), mr_files.write_fastmri(tmp_path, coils=2)
    plain, content = gzip.decompress(nifti.read_bytes()), hdf5.read_bytes()
    for number in range(10_000 + seed * 500, 10_500 + seed * 500):
        nifti.write_bytes(gzip.compress(mutated(plain, number, 600), 1, mtime=0))
        outcome(tmp_path, nifti.name, take_ixi)
        hdf5.write_bytes(mutated(content, number, len(content)))
        outcome(tmp_path, hdf5.name, take_fastmri)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(900), b"{}", b"\x1f\x8b", bytes(400)]
)
def test_files_of_another_kind(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "IXI002-Guys-0828-T2.nii.gz").write_bytes(content)
    (tmp_path / "file1.h5").write_bytes(content)
    assert outcome(tmp_path, "IXI002-Guys-0828-T2.nii.gz", take_ixi)
    assert outcome(tmp_path, "file1.h5", take_fastmri)


def test_what_is_no_ordinary_file(tmp_path: Path) -> None:
    folder, pipe, device = (tmp_path / f"{n}.nii.gz" for n in ("folder", "pipe", "device"))
    folder.mkdir()
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (folder, pipe, device, tmp_path / "none.nii.gz"):
        with pytest.raises(RefusedError, match="file: there is no ordinary file"):
            read(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path, dim=[3, 2000, 2000, 2000, 1, 1, 1, 1])
    with pytest.raises(RefusedError, match="dim: expected at most 67108864 voxels"):
        read(path)
    with h5py.File(mr_files.write_fastmri(tmp_path), "a") as file:
        del file["kspace"]
        file.create_dataset("kspace", (2000, 2000, 2000), np.complex64, chunks=(1, 2000, 2000))
    with pytest.raises(RefusedError, match="kspace: expected at most 4294967296 bytes, found 64000000000"):
        fastmri(tmp_path)


def test_entities_in_the_header_are_not_expanded(tmp_path: Path) -> None:
    path = mr_files.write_fastmri(tmp_path)
    entity = '<!DOCTYPE a [<!ENTITY b "' + "b" * 99 + '">]>' + mr_files.HEADER.split("?>")[1]
    with h5py.File(path, "a") as file:
        del file["ismrmrd_header"]
        file["ismrmrd_header"] = np.bytes_(entity)
    with pytest.raises(RefusedError, match="ismrmrd_header: expected plain, short XML"):
        fastmri(tmp_path)


def test_memory_has_a_limit(tmp_path: Path) -> None:
    small = Opener(memory=512 << 20)
    voxels = np.zeros((512, 512, 200), dtype=np.int16)
    path = mr_files.write_ixi(tmp_path, voxels=voxels)
    with pytest.raises(RefusedError, match=r"memory|crashed"):
        small.ask(path, "nifti", "voxels")
    mr_files.write_ixi(tmp_path)
    assert small.ask(path, "nifti", "voxels").array is not None
    small.close()


def test_a_child_that_hangs_is_killed_and_another_goes_on(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path)
    one = Opener(seconds=5)
    one.ask(path, "nifti")
    first = one._child
    assert first is not None and one.started == 1
    os.kill(first.pid, signal.SIGSTOP)
    one.seconds = 0.2
    with pytest.raises(RefusedError, match=r"file: reading it took longer than 0.2 s"):
        one.ask(path, "nifti")
    assert first.poll() is not None
    one.seconds = 30
    assert one.ask(path, "nifti", "voxels").array is not None and one.started == 2
    one.close()


def test_a_child_that_crashes_is_replaced(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path)
    one = Opener()
    one.ask(path, "nifti")
    assert one._child is not None
    os.kill(one._child.pid, signal.SIGSTOP)
    killer = threading.Thread(target=lambda: (time.sleep(0.2), os.kill(one._child.pid, signal.SIGKILL)))
    killer.start()
    with pytest.raises(RefusedError, match="file: reading it crashed the library"):
        one.ask(path, "nifti")
    killer.join()
    assert one.ask(path, "nifti").array is None and one.started == 2
    one.close()


def test_one_child_serves_many_files(tmp_path: Path) -> None:
    path = mr_files.write_ixi(tmp_path)
    before = opener().started
    for _ in range(20):
        read(path)
    assert opener().started <= max(1, before)
