"""Where output is a file, progress is a line now and then; on a terminal a bar."""

import io
import time

import pytest

from paperlens.train import progress as module
from paperlens.train.progress import progress


def test_a_file_gets_a_line_every_few_seconds_and_no_carriage_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(module, "SECONDS", 0.2)
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with progress(60, desc="train") as bar:
        for step in range(60):
            time.sleep(0.02)
            bar.update()
            bar.set_postfix(loss=step, refresh=False)
    lines = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert 3 <= len(lines) <= 12, "1.2 s of updates: about six lines, not sixty"
    assert "60/60" in lines[-1] and "loss=" in lines[-2]


def test_ten_seconds_is_the_pace() -> None:
    assert module.SECONDS == 10
