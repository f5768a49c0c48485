"""An S3 server that refuses everything."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def refusing_server() -> Iterator[Callable[[str, int], str]]:
    """refusing_server(code, status) -> the address of a server that answers every request with that S3 error."""
    servers = []

    def start(code: str, status: int) -> str:
        body = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>AWS4-HMAC-SHA256 20260101 is wrong</Message>"
            f"<AWSAccessKeyId>student</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256 20260101</StringToSign></Error>"
        ).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
