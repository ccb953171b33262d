"""`paperlens.data` imports a module when one of its names is used, and a chapter's key follows that name alone."""

import subprocess
import sys

from paperlens.importgraph import Import, reach


def test_importing_the_package_loads_no_module_behind_it_and_no_torch() -> None:
    script = "import sys, paperlens.data; print([m for m in sys.modules if m.startswith(('paperlens.data.', 'torch'))])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_a_photograph_does_not_reach_the_phantom_nor_any_model() -> None:
    photographs = set(reach([Import("paperlens.data", "photographs")]).modules)
    phantom = set(reach([Import("paperlens.data", "phantom")]).modules)
    assert "paperlens.data.photograph_set" in photographs - phantom
    assert "paperlens.data.phantoms" in phantom - photographs
    assert not any(name.startswith("paperlens.models") for name in photographs | phantom)
