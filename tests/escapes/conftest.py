from tests.sandbox.conftest import runner

__all__ = ["runner"]
