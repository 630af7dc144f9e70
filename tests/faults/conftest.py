"""Where the faults' servers live during a test run."""

from __future__ import annotations

import pytest

from tests.faults.catalogue import Grounds
from tests.processes import DataFolders


@pytest.fixture(scope="session")
def grounds(data_folders: DataFolders, tmp_path_factory: pytest.TempPathFactory) -> Grounds:
    return Grounds(tmp_path_factory.mktemp("grounds"), data_folders)
