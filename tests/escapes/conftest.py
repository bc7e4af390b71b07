import pytest

from tests.sandbox.conftest import MAKERS


@pytest.fixture(
    params=[
        pytest.param("local-root", marks=pytest.mark.sandbox),
        pytest.param("local-user", marks=pytest.mark.sandbox),
        pytest.param("bubblewrap-root", marks=pytest.mark.bubblewrap),
        pytest.param("bubblewrap-user", marks=pytest.mark.bubblewrap),
        pytest.param("docker", marks=pytest.mark.docker),
    ]
)
def runner(request):
    """The sandboxes that are chosen by themselves; test_landlock.py has the one that is not."""
    return MAKERS[request.param]()
