"""Requests that HTTP/2 forbids, each on its own connection; prints what became of each as one JSON object.

An outcome is the status of a whole answer, or "cut" when it broke off, or "reset" (RST_STREAM), "goaway", "closed", or "silent" when nothing came.
"""

import argparse
import json
import socket

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import hpack
from hyperframe.frame import ContinuationFrame, DataFrame, Frame, HeadersFrame, PingFrame, SettingsFrame, WindowUpdateFrame

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--token", required=True)
parser.add_argument("--resets", type=int, default=0, help="instead: so many whole calls, each reset at once")
options = parser.parse_args()

METHOD, SCHEME, HOST, PATH = (":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/payments/echo")
TOKEN = ("authorization", f"Bearer {options.token}")
PSEUDO = [METHOD, SCHEME, HOST, PATH]
BASE = PSEUDO + [TOKEN]


class Caller:
    """A connection that checks nothing of what it sends."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", options.port), timeout=10)
        self.machine = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self.machine.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.machine.data_to_send())

    def raw(self, *frames: Frame) -> None:
        self.socket.sendall(b"".join(frame.serialize() for frame in frames))

    def outcome(self) -> str | int:
        status = None
        while True:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return "silent"
            except ConnectionError:
                return "closed"
            if not data:
                return "closed"
            try:
                events = self.machine.receive_data(data)
            except h2.exceptions.ProtocolError as error:
                # A stream that the machine does not know of, as it was opened by a raw frame.
                return "reset" if isinstance(error, h2.exceptions.StreamClosedError) else f"unreadable: {error!r}"
            for event in events:
                if isinstance(event, h2.events.ResponseReceived):
                    fields = dict(event.headers)
                    status = int(fields.get(b":status", fields.get(":status")))
                if isinstance(event, h2.events.StreamEnded):
                    return status
                if isinstance(event, h2.events.StreamReset):
                    return "cut" if status else "reset"
                if isinstance(event, h2.events.ConnectionTerminated):
                    return "goaway"


def request(fields: list[tuple[str, str]], body: bytes | None = b"{}", ends: bool = True) -> str | int:
    caller = Caller()
    try:
        caller.machine.send_headers(1, fields, end_stream=body is None)
        if body is not None:
            caller.machine.send_data(1, body, end_stream=ends)
        caller.flush()
    except ConnectionError:
        pass
    return caller.outcome()


def frames(*sent: Frame, times: int = 1) -> str | int:
    caller = Caller()
    try:
        for _ in range(times):
            caller.raw(*sent)
    except ConnectionError:
        pass
    return caller.outcome()


def with_flags(frame: Frame, *flags: str) -> Frame:
    for flag in flags:
        frame.flags.add(flag)
    return frame


def fields(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return BASE + list(more)


def instead(name: str, *values: str) -> list[tuple[str, str]]:
    return [pair for pair in BASE if pair[0] != name and pair[0].startswith(":")] + [(name, value) for value in values] + [TOKEN]


def rapid_reset(whole: bool, count: int) -> str | int:
    """CVE-2023-44487: streams that are reset as soon as they are opened."""
    caller = Caller()
    try:
        for stream in range(1, 2 * count, 2):
            path = ":path", "/payments/customer"
            caller.machine.send_headers(stream, [(":method", "GET"), SCHEME, HOST, path, TOKEN], end_stream=whole)
            caller.machine.reset_stream(stream, error_code=h2.errors.ErrorCodes.CANCEL)
            if stream % 100 == 1:
                caller.flush()
        caller.flush()
    except (ConnectionError, h2.exceptions.ProtocolError):
        pass
    caller.machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    caller.machine.initiate_connection()
    caller.machine.data_to_send()
    return caller.outcome()


def attacks() -> dict[str, str | int]:
    block = hpack.Encoder().encode(BASE)
    open_block = HeadersFrame(1, block)
    return {
        "plain request, not an attack": request(fields(), b'{"fine":true}'),
        "pseudo-header after a field": request([METHOD, SCHEME, HOST, TOKEN, PATH]),
        "path twice": request(instead(":path", "/payments/echo", "/payments/runs")),
        "method twice": request(instead(":method", "POST", "GET")),
        "unknown pseudo-header": request(PSEUDO + [(":protocol", "websocket"), TOKEN]),
        "no method": request(instead(":method")),
        "no path": request(instead(":path")),
        "empty path": request(instead(":path", "")),
        "no scheme": request(instead(":scheme")),
        "line break in a value": request(fields(("x-a", "b\r\nx-smuggled: c"))),
        "line feed in a value": request(fields(("x-a", "b\nc"))),
        "NUL in a value": request(fields(("x-a", "b\0c"))),
        "space before a value": request(fields(("x-a", " b"))),
        "upper case in a name": request(fields(("X-A", "b"))),
        "line break in a name": request(fields(("x-a\r\nx-b", "c"))),
        "colon in a name": request(fields(("x-a:b", "c"))),
        "space in a name": request(fields(("x a", "c"))),
        "empty name": request(fields(("", "c"))),
        "line break in the path": request(instead(":path", "/payments/echo HTTP/1.1\r\nhost: y")),
        "space in the path": request(instead(":path", "/payments/echo x")),
        "line break in the method": request(instead(":method", "POST /payments/runs HTTP/1.1\r\nx: y")),
        "line break in the authority": request(instead(":authority", "x\r\nx-a: b")),
        "host that is not the authority": request(fields(("host", "other"))),
        "two hosts": request(fields(("host", "x"), ("host", "x"))),
        "connection": request(fields(("connection", "close"))),
        "transfer-encoding": request(fields(("transfer-encoding", "chunked")), b"0\r\n\r\n"),
        "keep-alive": request(fields(("keep-alive", "timeout=5"))),
        "upgrade": request(fields(("upgrade", "h2c"))),
        "proxy-connection": request(fields(("proxy-connection", "keep-alive"))),
        "te: gzip": request(fields(("te", "gzip"))),
        "length too short": request(fields(("content-length", "5")), b"hello world"),
        "length too long": request(fields(("content-length", "50")), b"hello"),
        "length without a body": request(fields(("content-length", "5")), None),
        "length beyond the limit": request(fields(("content-length", "104857600")), b"h" * 1000, ends=False),
        "two lengths": request(fields(("content-length", "5"), ("content-length", "6")), b"hello"),
        "signed length": request(fields(("content-length", "+5")), b"hello"),
        "header list too large": request(fields(*((f"x-{n}", "b" * 1000) for n in range(200)))),
        "one value too large": request(fields(("x-a", "b" * 100_000))),
        "header bomb": request(fields(*[("x-bomb", "b" * 3000)] * 2000)),
        "continuation flood": frames(open_block, *[ContinuationFrame(1, b"\x00\x01a\x01b" * 100)] * 1000, times=20),
        "empty continuation flood": frames(open_block, *[ContinuationFrame(1, b"")] * 1000, times=20),
        "continuation of nothing": frames(with_flags(ContinuationFrame(1, block), "END_HEADERS")),
        "other frame inside a header block": frames(open_block, PingFrame(0, b"12345678")),
        "undecodable header block": frames(with_flags(HeadersFrame(1, b"\xff\xff\xff\xff\xff\xff"), "END_HEADERS")),
        "even stream": frames(with_flags(HeadersFrame(2, block), "END_HEADERS", "END_STREAM")),
        "data on an idle stream": frames(DataFrame(1, b"hello")),
        "frame too large": frames(DataFrame(1, b"h" * 20_000)),
        "window overflow": frames(WindowUpdateFrame(0, 2**31 - 1), WindowUpdateFrame(0, 2**31 - 1)),
        "settings flood": frames(*[SettingsFrame(0, {})] * 1000, times=20),
        "rapid reset": rapid_reset(whole=False, count=2000),
    }


print(json.dumps({"resets": rapid_reset(whole=True, count=options.resets)} if options.resets else attacks()))
