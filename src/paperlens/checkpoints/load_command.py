"""`paperlens load FILE`: which system and configuration a checkpoint file is, with the evidence."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from paperlens.checkpoints.tell import check_values, evidence, identify
from paperlens.checkpoints.weights import read


def main(argv: Sequence[str]) -> int:
    """Print what the file is; 2 for a file that fits nothing."""
    parser = argparse.ArgumentParser(prog="paperlens load", description=__doc__)
    parser.add_argument("file", type=Path, help="a published .pth, .pt or .safetensors file")
    options = parser.parse_args(argv)
    weights, fits = identify(options.file, read(options.file))
    check_values(options.file, weights, fits[0])
    print(evidence(options.file, weights, fits))
    return 0
