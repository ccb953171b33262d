"""Two processes share each batch: together they train what one process would, and both hold the result."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_training import network, objective, plan, source

from paperlens.train.checkpoint import newest, read
from paperlens.train.loop import train


def launched(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("two_processes.py")
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--main_process_port", "0", str(script), str(folder), *words]
    # Launch's own --cpu needs MPI for more than one process; this way torch starts them, and they talk over gloo.
    ours = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(script.parent), "ACCELERATE_USE_CPU": "true"}
    environment = os.environ | ours
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.verify
def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    done = launched(tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    alone = network(dropout=0.0)
    history = train(alone, source(), objective, plan())
    together = [read(tmp_path / f"process-{index}-of-2.safetensors") for index in range(2)]
    losses = [float(line) for line in (tmp_path / "losses-0.txt").read_text().splitlines()]
    assert losses == pytest.approx(history.losses, rel=1e-5)
    for name, tensor in alone.state_dict().items():
        assert torch.equal(together[0][name], together[1][name])
        torch.testing.assert_close(together[0][name], tensor, rtol=1e-4, atol=1e-6)
    found = newest(tmp_path / "run")
    assert found is not None and found.name == "step-00000012"
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["step-00000012"]

    resumed = launched(tmp_path, "resume")  # nothing left to train: both processes find the same checkpoint
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert (tmp_path / "losses-1.txt").read_text().splitlines() == [str(loss) for loss in losses]


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    from types import SimpleNamespace

    from paperlens.train.run import share

    three = SimpleNamespace(num_processes=3, process_index=1, device=torch.device("cpu"))
    rows = torch.arange(6)
    assert share.__wrapped__((rows,), three)[0].tolist() == [2, 3]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="3 processes cannot share a batch of 4 evenly"):
        share.__wrapped__((rows[:4],), three)  # type: ignore[attr-defined]
