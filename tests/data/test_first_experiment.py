"""A beginner's first MR experiment: under ten lines, under ten seconds of processor, from an empty cache."""

import resource
import subprocess
import sys
from pathlib import Path

EXPERIMENT = """\
import matplotlib.pyplot as plt
from paperlens.data import brain
from paperlens.physics import equispaced_mask, fft2c, ifft2c, truncate_kspace, undersample, zero_fill
image = brain("T2")
aliased = ifft2c(undersample(fft2c(image), equispaced_mask(192, acceleration=4, center_fraction=0.08))).abs()
blurred = zero_fill(truncate_kspace(image, scale=4), image.shape).abs()
for place, picture in enumerate((image, aliased, blurred), start=1):
    plt.subplot(1, 3, place).imshow(picture, cmap="gray")
plt.savefig("experiment.png")
"""


def test_first_experiment(tmp_path: Path, monkeypatch) -> None:
    assert len(EXPERIMENT.splitlines()) < 10
    for name, value in {
        "PAPERLENS_CACHE": str(tmp_path),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", EXPERIMENT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "experiment.png").stat().st_size > 20_000
    # Processor time, so that a busy machine does not fail the test; on a free one it is the wall time.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10
