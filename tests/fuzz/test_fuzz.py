"""The short form of `make fuzz`."""

import pytest

from tests.fuzz.__main__ import run


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning:schemathesis")
def test_no_request_breaks_a_service() -> None:
    for service in run(requests=300, number=7):
        assert service.answered(401) or not service.secured, "some had no key"
        assert service.answered(200)
