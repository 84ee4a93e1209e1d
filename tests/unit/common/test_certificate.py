"""What a connection that failed means."""

from libs.common import certificate


def test_an_error_that_leads_back_to_itself_is_told_all_the_same() -> None:
    refused, failed = ConnectionRefusedError(), RuntimeError()
    refused.__cause__, failed.__cause__ = failed, refused
    assert not certificate.is_expired(refused)
    assert certificate.told(refused) == "it refuses the connection"
