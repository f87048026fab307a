"""HTTP/1.1 with next to no cost of its own: two cores carry the service and who asks it."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
READ_BYTES = 1 << 18


class Refused(ConnectionError):
    """Nobody accepted the connection: nothing was sent."""


class Dropped(ConnectionError):
    """A request was sent, and the connection ended without the whole answer."""


@dataclass
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def request(method: str, path: str, body: object = None) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    content = json.dumps(body).encode()
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


class Client:
    """Takes a connection of its own that is idle, or opens one, as a browser does."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: list[socket.socket] = []

    async def send(self, sent: bytes) -> Answer:
        """Raises Refused, Dropped."""
        loop = asyncio.get_running_loop()
        connection = await self._connection(loop)
        try:
            await loop.sock_sendall(connection, sent)
            answer, keep = await _answer(loop, connection)
        except OSError as error:
            connection.close()
            raise Dropped(str(error)) from error
        except asyncio.CancelledError:
            connection.close()
            raise
        self.idle.append(connection) if keep else connection.close()
        return answer

    async def _connection(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        while self.idle:
            connection = self.idle.pop()
            if not _ended(connection):
                return connection
            connection.close()
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await loop.sock_connect(connection, (HOST, self.port))
        except OSError as error:
            connection.close()
            raise Refused(str(error)) from error
        return connection

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()


def _ended(connection: socket.socket) -> bool:
    """Whether the service has ended an idle connection."""
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def _answer(
    loop: asyncio.AbstractEventLoop, connection: socket.socket
) -> tuple[Answer, bool]:
    """An answer that tells its length, and whether the connection may be used again. Raises OSError."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        await _more(loop, connection, received)
    head = bytes(received[:end]).lower()
    _, _, length = head.partition(b"\r\ncontent-length: ")
    total = end + 4 + int(length.split(b"\r\n", 1)[0])
    while len(received) < total:
        await _more(loop, connection, received)
    return Answer(int(head[9:12]), bytes(received[end + 4 :])), b"connection: close" not in head


async def _more(
    loop: asyncio.AbstractEventLoop, connection: socket.socket, received: bytearray
) -> None:
    part = await loop.sock_recv(connection, READ_BYTES)
    if not part:
        raise ConnectionResetError("closed")
    received += part
