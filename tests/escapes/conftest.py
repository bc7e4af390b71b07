import pytest

from tests.sandbox.conftest import MAKERS


@pytest.fixture(
    params=[
        pytest.param("local-root", marks=pytest.mark.sandbox),
        pytest.param("local-user", marks=pytest.mark.sandbox),
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("bubblewrap-root", marks=pytest.mark.bubblewrap),
        pytest.param("bubblewrap-user", marks=pytest.mark.bubblewrap),
    ]
)
def runner(request):
    """The sandboxes that are chosen by themselves; `guard doctor --live` tries the others too."""
    return MAKERS[request.param]()
