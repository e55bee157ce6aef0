"""A syslog receiver over TLS that takes nothing but RFC 5424 in RFC 5425 frames; keeps messages as JSON lines in a file."""
import argparse
import json
import re
import socket
import ssl
import threading

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, required=True)
options.add_argument("--certificate", required=True)
options.add_argument("--key", required=True)
options.add_argument("--clients", help="PEM file: who may send")
options.add_argument("--keep", required=True)
options = options.parse_args()

NAME = r"[!-<>-\\^-~]{1,32}"
ELEMENT = re.compile(rf'\[({NAME})((?: {NAME}="(?:[^"\\\]]|\\["\\\]])*")*)\]')
HEAD = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)|-)"
    r" ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
)
lock = threading.Lock()
kept = open(options.keep, "a", encoding="utf-8")


def parse(message):
    text = message.decode("utf-8")
    head = HEAD.match(text)
    if not head or int(head[1]) > 191:
        return {"wrong": text[:300]}
    rest = text[head.end():]
    data = {}
    if rest.startswith("-"):
        rest = rest[1:]
    else:
        while element := ELEMENT.match(rest):
            data[element[1]] = dict(re.findall(r' ([^=]+)="((?:[^"\\]|\\.)*)"', element[2]))
            rest = rest[element.end():]
        if not data:
            return {"wrong": text[:300]}
    if rest and not rest.startswith(" "):
        return {"wrong": text[:300]}
    return {"facility": int(head[1]) // 8, "severity": int(head[1]) % 8, "time": head[2], "host": head[3],
            "app": head[4], "process": head[5], "id": head[6], "data": data, "text": rest[1:]}


def keep(record):
    with lock:
        kept.write(json.dumps(record) + "\n")
        kept.flush()


def serve(stream):
    try:
        reading = stream.makefile("rb")
        while True:
            digits = b""
            while (byte := reading.read(1)) != b" ":
                if not byte:
                    return
                if not byte.isdigit() or (not digits and byte == b"0") or len(digits) > 6:
                    return keep({"wrong": f"no frame: {digits + byte}"})
                digits += byte
            message = reading.read(int(digits))
            if len(message) < int(digits):
                return
            keep(parse(message))
    except OSError:
        pass


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(options.certificate, options.key)
if options.clients:
    context.load_verify_locations(options.clients)
    context.verify_mode = ssl.CERT_REQUIRED
listener = socket.create_server(("127.0.0.1", options.port))


def accept(plain):
    try:
        serve(context.wrap_socket(plain, server_side=True))
    except OSError:
        pass


while True:
    plain, _ = listener.accept()
    threading.Thread(target=accept, args=(plain,), daemon=True).start()
