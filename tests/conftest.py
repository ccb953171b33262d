"""Shapes are enforced at run time in the tests alone: the hook breaks torch.compile and slows small models."""

import os

from jaxtyping import install_import_hook

os.environ.setdefault("PAPERLENS_PROFILE", "smoke")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # for the kernels that tests start
install_import_hook("paperlens", "beartype.beartype")

import torch  # noqa: E402

torch.set_num_threads(1)  # a test that forks would wait for ever for threads that the fork left behind

import verified  # noqa: E402

pytest_addoption, pytest_configure = verified.add_options, verified.configure
