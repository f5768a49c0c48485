"""A network that can be cut, slowed down and listened to, between the library and its S3 server."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Network:
    """Carries bytes between a client and a server; `address` is what the client connects to.

    `cuts`: how many connections to close, each after `after` bytes of answers. `up_limit`: after so many bytes from the
    client, all together, nothing gets through any more.
    """

    def __init__(self, server: str):
        host, port = server.removeprefix("http://").split(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts, self.after, self.silent, self.pause_s = 0, 0, False, 0.0
        self.up_limit: int | None = None
        self.up = self.down = self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(self._server) as server:
            upward = threading.Thread(target=self._pump, args=(client, server, True), daemon=True)
            upward.start()
            self._pump(server, client, False)

    def _pump(self, source: socket.socket, target: socket.socket, upward: bool) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if self.silent:
                    continue
                if self.pause_s and upward:
                    time.sleep(self.pause_s)
                carried += len(data)
                if upward:
                    self.up += len(data)
                else:
                    self.down += len(data)
                if self.up_limit is not None and self.up > self.up_limit:
                    break
                if self.cuts and not upward and carried > self.after:
                    self.cuts -= 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def settle(self) -> None:
        """Return when nothing has come from clients for half a second."""
        before = -1
        while self.up != before:
            before = self.up
            time.sleep(0.5)

    def close(self) -> None:
        self._listener.close()
