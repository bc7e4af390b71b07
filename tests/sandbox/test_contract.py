from tests.sandbox.contract import Contract


class TestContract(Contract):
    """The whole contract, for each backend and user of the ``runner`` fixture."""
