import os
import shutil
import tempfile

import pytest

import sandbox.errors
from tests.sandbox.network.world import NoWorld, world
from tests.sandbox.runners import remove


@pytest.fixture(scope="session")
def made_world():
    directory = os.path.realpath(tempfile.mkdtemp(prefix="execguard-world-"))
    os.chmod(directory, 0o755)
    try:
        # An installation as people have it: who cannot read root's files can read it.
        shutil.copytree(os.path.dirname(sandbox.errors.__file__), f"{directory}/site/sandbox")
        with world(directory) as made:
            yield made
    except NoWorld as error:
        pytest.skip(f"no network of our own here: {error}")
    finally:
        remove(directory)


@pytest.fixture
def here(made_world):
    made_world.forget()
    return made_world
