"""A short run of the requests that `make fuzz` sends by the ten thousand."""

from tests.conftest import StartServer
from tests.contracts.openapi_cases import ROOM, run


def test_every_answer_is_as_the_document_says(start_server: StartServer) -> None:
    server = start_server(env=ROOM)
    report = run(server, total=240, each=4)
    assert report.total >= 240
    assert report.statuses[200] > 20, report
    assert max(report.statuses) < 500, report
    assert "command failed" not in server.log()
    assert "request failed" not in server.log()
