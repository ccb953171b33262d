"""Answers as students write them."""

import numpy as np
import torch


def eq_2(h, w, d, m):
    return 4 * h * w * d**2 + 2 * m**2 * h * w * d


CORRECT = {
    "Eq. 2": eq_2,
    "per window": lambda h, w, d, m: (h // m) * (w // m) * (4 * m**2 * d**2 + 2 * m**4 * d),
    "factored": lambda h, w, d, m: 2 * h * w * d * (2 * d + m * m),
}
WRONG = {
    "one window": lambda h, w, d, m: 4 * m**2 * d**2 + 2 * m**4 * d,
    "float": lambda h, w, d, m: float(eq_2(h, w, d, m)),
    "tensor": lambda h, w, d, m: torch.tensor(eq_2(h, w, d, m)),
    "numpy": lambda h, w, d, m: np.int64(eq_2(h, w, d, m)),
}
SIBLING_CORRECT = {
    "sum": lambda h, w, d, m, r: eq_2(h, w, d, m) + 2 * r * h * w * d**2,
    "factored": lambda h, w, d, m, r: 2 * h * w * d * (2 * d + m * m + r * d),
    "per window": lambda h, w, d, m, r: (
        (h // m) * (w // m) * m * m * (4 * d * d + 2 * m * m * d + 2 * r * d * d)
    ),
}
SIBLING_WRONG = {
    "global": lambda h, w, d, m, r: (4 + 2 * r) * h * w * d**2 + 2 * (h * w) ** 2 * d,
    "ratio squared": lambda h, w, d, m, r: (4 + r**2) * h * w * d**2 + 2 * m**2 * h * w * d + d,
    "MLP alone": lambda h, w, d, m, r: 2 * r * h * w * d**2,
}
