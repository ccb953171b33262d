"""Writes data/results/fidelity/published.json: how far our outputs are from each golden file's, for the book.

    OMP_NUM_THREADS=1 python tests/fidelity/record.py [NAME ...]

Without names every golden that the catalogue answers to is computed; with names these alone, and the rest stays.
Two digits are kept: the last ones differ between processors.
"""

import gc
import json
import sys
from pathlib import Path

import golden
import torch

from paperlens.models import published

RESULTS = Path(__file__).parents[2] / "data/results/fidelity/published.json"


def difference(name):
    """The largest relative difference of our outputs from the golden ones."""
    record = golden.read(name)
    model = golden.fill(published.build(name), record)
    args, kwargs = golden.inputs(record)
    with torch.no_grad():
        return golden.difference(published.run(model, *args, **kwargs), record)


def main(names):
    """Compute `names`, keep the other entries that still belong to a golden, write after each."""
    known = published.goldens()
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    for name in names or sorted(known):
        dtype = "float32" if name in published.entry_of(name).float32 else "float64"
        found[name] = {"difference": float(f"{difference(name):.1e}"), "dtype": dtype}
        kept = {n: found[n] for n in sorted(found) if n in known}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        print(name, found[name]["difference"], flush=True)
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1:])
