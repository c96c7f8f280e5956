"""What the tests share: reference numbers from outside, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="session")
def cases():
    return json.loads((FIXTURES / "kernels" / "cases.json").read_text())


@pytest.fixture(scope="session")
def command_line():
    """Runs the command line; built by the same sources as the package."""
    path = Path(os.environ.get("ISOTYPIC_CLI", ROOT / "target" / "release" / "isotypic"))
    if not path.exists():
        if os.environ.get("ISOTYPIC_REQUIRE_ALL") == "1":
            pytest.fail(f"`{path}` does not exist: build it with `cargo build --release`")
        pytest.skip(f"`{path}` is not built")

    def run(*arguments):
        done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(20261125)
