"""One switch for the size of every experiment: the profile changes sizes, never code paths.

| profile | for | limit |
|---|---|---|
| smoke | tests: does every line run? | seconds, nothing is learned |
| class | a lesson on a laptop's processor (default) | 45 s a training cell |
| gpu | one graphics card or several through `accelerate launch` | minutes to an hour |
| paper | the published schedule | days; hardware and hours stand in the recipe |
"""

import os
from dataclasses import dataclass
from typing import TypeVar

from paperlens.errors import UserError

T = TypeVar("T")
NAMES = ("smoke", "class", "gpu", "paper")
VARIABLE = "PAPERLENS_PROFILE"


@dataclass(frozen=True, slots=True)
class Profile:
    """One of smoke, class, gpu, paper."""

    name: str

    def pick(self, *, smoke: T, class_: T, gpu: T | None = None, paper: T | None = None) -> T:
        """The value of this profile; a profile that is not given takes that of the next smaller one."""
        gpu = class_ if gpu is None else gpu
        paper = gpu if paper is None else paper
        return dict(zip(NAMES, (smoke, class_, gpu, paper), strict=True))[self.name]


def profile(name: str | None = None) -> Profile:
    """The profile called `name`, else the one in the environment variable PAPERLENS_PROFILE, else class."""
    chosen = name or os.environ.get(VARIABLE) or "class"
    if chosen not in NAMES:
        raise UserError(f"no profile is called {chosen!r}; choose one of {', '.join(NAMES)}.")
    return Profile(chosen)
