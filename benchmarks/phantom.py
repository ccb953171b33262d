"""How the phantom measures beside what was published about people.

`python benchmarks/phantom.py` prints one line a quantity; `--record` also writes data/results/benchmarks/phantom.json,
which the book's data page shows.
"""

import argparse
import json

from paperlens.data.files import root, write
from paperlens.data.statistics import statistics
from paperlens.recipes.engine import provenance


def main() -> None:
    """Print, and record where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write data/results/benchmarks/phantom.json")
    options = parser.parse_args()
    rows = statistics()
    for row in rows:
        print(f"{row['quantity']}: {row['phantom']} ({row['spread']}), published {row['published']}")
    if options.record:
        result = {
            "made": "python benchmarks/phantom.py --record",
            "statistics": rows,
            "commit": provenance.commit(),
            "source_hash": provenance.source_hash({"paperlens.data.statistics"}),
            "device": provenance.device(),
        }
        write(
            root() / "results/benchmarks/phantom.json",
            json.dumps(result, indent=1, ensure_ascii=False) + "\n",
        )


if __name__ == "__main__":
    main()
