"""The phantom: repeatable, one slice equal to its volume's, contrasts and labels as they should be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from paperlens.data import anatomy, relaxation, simulate
from paperlens.data.phantoms import Phantom, PhantomConfig, brain, phantom
from paperlens.data.volumes import in_memory, slices
from paperlens.errors import UserError
from paperlens.ops.fourier import ifft2c
from paperlens.physics.coils import root_sum_of_squares

SMALL = PhantomConfig(planes=3, first_plane=74)


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    """A fresh cache for the module, so that nothing built by other code is read."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PAPERLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


def subject(number: int = 0, split: str = "train", config: PhantomConfig = SMALL) -> Phantom:
    return phantom(1, split, config, first=number)[0]


def test_same_seed_same_numbers_built_and_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = subject().volume("T2").voxels
    cached = subject().volume("T2").voxels
    monkeypatch.setenv("PAPERLENS_CACHE", str(tmp_path))
    again = subject().volume("T2").voxels
    assert torch.equal(built, cached)
    assert torch.equal(built, again)


def test_subjects_and_splits_differ() -> None:
    first, second, other = subject(0).labels(), subject(1).labels(), subject(0, "test").labels()
    assert (first != second).float().mean() > 0.02
    assert (first != other).float().mean() > 0.02


@pytest.mark.parametrize("contrast", ["T1", "FLAIR"])
def test_one_slice_alone_is_that_of_the_volume(contrast: str) -> None:
    volume = subject().volume(contrast).voxels
    alone = brain(contrast, plane=1, config=SMALL)
    torch.testing.assert_close(alone, volume[1] / volume[1].max(), atol=2e-3, rtol=0)
    assert alone.max() == 1


def test_contrasts_order_the_tissues() -> None:
    person = subject()
    labels = person.labels()
    means = {
        c: [
            float(person.volume(c).voxels[labels == anatomy.LABELS.index(t)].mean())
            for t in ("csf", "gray", "white")
        ]
        for c in person.contrasts
    }
    assert means["T1"][0] < means["T1"][1] < means["T1"][2]
    assert means["T2"][2] < means["T2"][1] < means["T2"][0]
    assert means["PD"][2] < means["PD"][1]
    assert means["FLAIR"][0] < 0.4 * means["FLAIR"][1]


def test_signals_agree_with_the_equation_where_the_tissue_is_pure() -> None:
    """No noise, no receive field, no displacement: the median of sure white matter is that of the table's
    values.
    """
    person = subject(
        config=PhantomConfig(planes=1, first_plane=80, noise=0, nonuniformity=0, misregistration=0)
    )
    sure = person.shares()[3] > 0.98
    tissue = relaxation.tissues(3.0)["white"]
    expected = tissue.pd * (1 - np.exp(-4500 / tissue.t1)) * np.exp(-95 / tissue.t2)
    assert float(person.volume("T2").voxels[sure].median()) == pytest.approx(expected, rel=0.04)


def test_noise_is_at_the_level_of_the_table_and_rician() -> None:
    """In air the magnitude of complex noise of SD s has the Rayleigh mean s sqrt(pi/2)."""
    person = subject()
    air = person.volume("T2").voxels[:, :12, :12]
    sigma = person.volume("T2").voxels[person.labels() == 3].mean() / relaxation.snr(3.0, "T2")
    assert float(air.mean()) == pytest.approx(float(sigma) * (np.pi / 2) ** 0.5, rel=0.1)
    assert subject(config=PhantomConfig(planes=1, noise=0)).volume("T2").voxels[:, :12, :12].max() < 1e-6


def test_iron_darkens_t2_and_not_t1() -> None:
    config = PhantomConfig(planes=1, first_plane=71)
    person = subject(config=config)
    body = anatomy.build(person.generator("anatomy"), config.lattice([0]))
    without = replace(body, iron=torch.zeros_like(body.iron))
    rich = (person.labels() == 2) & (body.iron > 60)
    assert rich.sum() > 20
    t2, t1 = (
        simulate.signal(body, c, 3.0)[rich] / simulate.signal(without, c, 3.0)[rich] for c in ("T2", "T1")
    )
    expected = torch.exp(-0.095 * simulate.IRON_R2 * 3.0 * body.iron[rich])  # TE 95 ms at 3 T, pure gray
    torch.testing.assert_close(t2, expected, atol=0.08, rtol=0)
    assert t2.mean() < 0.8
    assert t1.min() > 0.9


def test_misregistration_moves_the_guide_and_not_the_target() -> None:
    still = PhantomConfig(planes=1, first_plane=80, noise=0, misregistration=0)
    moved = PhantomConfig(planes=1, first_plane=80, noise=0, misregistration=1)
    assert torch.equal(subject(config=still).volume("T2").voxels, subject(config=moved).volume("T2").voxels)
    difference = subject(config=still).volume("T1").voxels - subject(config=moved).volume("T1").voxels
    assert difference.abs().max() > 0.1 * subject(config=still).volume("T1").voxels.max()


def test_labels_at_two_resolutions() -> None:
    person = subject()
    fine, coarse = person.labels(), person.labels(scale=4)
    assert fine.shape == (3, 216, 192)
    assert coarse.shape == (3, 54, 48)
    assert set(fine.unique().tolist()) <= set(range(len(anatomy.LABELS)))
    averaged = torch.nn.functional.avg_pool2d(person.shares(), 4)
    assert (averaged.argmax(0) == coarse).float().mean() > 0.999  # ties aside
    picked = fine[:, 2::4, 2::4]
    assert 0.005 < float((picked != coarse).float().mean()) < 0.2  # near the same, and not the same
    torch.testing.assert_close(person.shares().sum(0), torch.ones(3, 216, 192), atol=0.01, rtol=0)


def test_kspace_returns_to_the_image() -> None:
    person = subject(config=PhantomConfig(planes=2, first_plane=80, noise=0))
    single = ifft2c(person.kspace("T1"))[:, 0]
    torch.testing.assert_close(single.abs(), person.volume("T1").voxels, atol=1e-6, rtol=0)
    many = root_sum_of_squares(ifft2c(person.kspace("T1", coils=4)))
    torch.testing.assert_close(many, person.volume("T1").voxels, atol=1e-6, rtol=0)
    assert person.kspace("T1", coils=4).shape == (2, 4, 216, 192)
    assert person.kspace("T1", coils=4).angle().std() > 1


def test_affine_sends_the_head_the_right_way() -> None:
    volume = subject().volume("T1")
    corner = volume.affine @ torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64)
    assert corner[0] > 90  # first column: the person's right
    assert corner[1] > 80  # first row: the front
    assert corner[2] == 2  # plane 74 of a template whose origin is plane 72
    assert volume.voxel_mm == (1.0, 1.0, 1.0)


def test_rows_of_slices_and_the_same_in_memory() -> None:
    rows = slices(phantom(2, "train", SMALL), "T2", guide="T1", planes=[0, 2])
    assert len(rows) == 4
    assert rows["subject"] == ["train-000", "train-000", "train-001", "train-001"]
    first = rows[0]
    assert first["image"].shape == first["guide"].shape == (216, 192)
    assert 0 <= float(first["image"].min()) <= float(first["image"].max()) <= 1
    restored = first["image"] * first["maximum"]
    torch.testing.assert_close(restored, subject().volume("T2").voxels[0], atol=1e-6, rtol=1e-4)
    t1 = subject().volume("T1").voxels
    torch.testing.assert_close(first["guide"], t1[0] / t1.max(), atol=1e-6, rtol=1e-4)
    memory = in_memory(rows)
    assert len(memory) == 4
    assert memory[3]["image"].shape == (1, 216, 192)
    assert torch.equal(memory[1]["guide"][0], rows[1]["guide"])
    assert memory[3]["plane"] == 2


def test_every_value_has_a_source_and_says_how_far_it_was_checked() -> None:
    for name in ("relaxation", "noise", "nuclei", "scalp"):
        for row in relaxation.rows(name):
            assert len(row["source"]) > 20, row
            assert row["checked"] in {"abstract", "table", "unverified", "chosen"}, row


def test_a_broken_cache_file_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAPERLENS_CACHE", str(tmp_path))
    config = PhantomConfig(planes=1)
    whole = subject(config=config).volume("PD").voxels
    for file in (tmp_path / "phantom").glob("*.npy"):
        file.write_bytes(file.read_bytes()[:50])
    assert torch.equal(subject(config=config).volume("PD").voxels, whole)


def test_wrong_words_are_answered_with_the_right_ones() -> None:
    with pytest.raises(ValueError, match="'DWI'; it has"):
        brain("DWI", config=SMALL)
    with pytest.raises(ValueError, match=r"planes 3..3 are not within 0..2"):
        brain(plane=3, config=SMALL)
    with pytest.raises(ValueError, match="'val' must be one of"):
        phantom(2, "val")
    with pytest.raises(UserError, match="no relaxation times for 4 T"):
        relaxation.tissues(4)
    with pytest.raises(ValueError, match="no subjects"):
        slices([])


def test_fat_lies_elsewhere_in_each_contrast_and_the_brain_does_not() -> None:
    """A shift of the signal of fat and marrow alone: inside the brain both settings agree."""
    still, moved = (PhantomConfig(planes=1, first_plane=100, noise=0, chemical_shift=c) for c in (0, 2))
    body = anatomy.build(subject(config=still).generator("anatomy"), still.lattice([0]))
    deep = torch.nn.functional.max_pool2d(body.around.sum(0), 21, 1, 10) < 1e-3
    inside = deep & (subject(config=still).labels() > 0)
    assert inside.sum() > 5000
    for contrast in ("T1", "PD"):
        first, second = (subject(config=c).volume(contrast).voxels for c in (still, moved))
        assert (first - second).abs().max() > 0.2 * first.max(), "the scalp moved"
        torch.testing.assert_close(first[inside], second[inside], atol=2e-3, rtol=0)


def test_a_head_stands_around_the_brain_and_is_background_of_the_labels() -> None:
    person = subject(config=PhantomConfig(planes=1, first_plane=100, noise=0))
    t1, labels = person.volume("T1").voxels[0], person.labels()[0]
    outside = t1[labels == 0]
    assert float((outside > 0.5 * t1[labels == 3].median()).float().mean()) > 0.03, "bright fat around"
    rows = (t1 > 0.3 * t1.max()).any(1).nonzero()
    brain_rows = (labels > 0).any(1).nonzero()
    assert rows[0] < brain_rows[0] - 2 and rows[-1] > brain_rows[-1] + 2


def test_thick_planes_are_means_of_thin_ones_where_the_contrast_is_acquired_plane_by_plane() -> None:
    clean = {"planes": 3, "first_plane": 80, "noise": 0, "nonuniformity": 0, "fat": 0, "chemical_shift": 0}
    thin, thick = (subject(config=PhantomConfig(thickness=t, **clean)) for t in (1, 3))
    torch.testing.assert_close(
        thick.volume("PD").voxels[1], thin.volume("PD").voxels.mean(0), atol=2e-3, rtol=0
    )
    torch.testing.assert_close(thick.volume("T1").voxels, thin.volume("T1").voxels, atol=1e-3, rtol=0)
    with pytest.raises(ValueError, match="thickness 2 must be an odd number"):
        PhantomConfig(thickness=2)
