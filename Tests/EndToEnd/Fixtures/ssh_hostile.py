"""Clients that do not keep to the protocol; prints what they got as one JSON document."""
import argparse, json, os, socket, time
import paramiko
from paramiko.message import Message

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--mode")
parser.add_argument("--token-file")
parser.add_argument("--command")
parser.add_argument("--pid")
arguments = parser.parse_args()
address = ("127.0.0.1", arguments.port)


def transport():
    new = paramiko.Transport(socket.create_connection(address, timeout=20))
    new.start_client(timeout=20)
    return new


def message(number, *strings):
    new = Message()
    new.add_byte(bytes([number]))
    for text in strings:
        new.add_string(text)
    return new


def skip():
    """Success, said by the client; channels before anybody has signed in; both; success within an attempt."""
    opening = message(90, "session")
    for number in (0, 2097152, 32768):
        opening.add_int(number)
    service = message(5, "ssh-userauth")
    flights = [
        [message(52)],
        [service, message(52)],
        [opening],
        [service, message(52), opening],
        [service, message(50, "web-1", "ssh-connection", "none"), message(52), opening],
    ]
    opened = 0
    for flight in flights:
        client = transport()
        for one in flight:
            try:
                client._send_message(one)
            except Exception:
                pass
        deadline = time.time() + 3
        while client.is_active() and time.time() < deadline:
            time.sleep(0.05)
        if client.is_active() or client.is_authenticated():
            opened += 1
        client.close()
    return {"opened": opened, "tries": len(flights)}


def guess():
    """Passwords, until the connection is ended; then on new connections."""
    counts = []
    for _ in range(3):
        try:
            client = transport()
        except Exception:
            counts.append(0)
            continue
        tried = 0
        for number in range(10):
            try:
                client.auth_password("web-1", f"guess {number}", fallback=False)
            except paramiko.AuthenticationException:
                if not client.is_active():
                    break
                tried += 1
            except Exception:
                break
        counts.append(tried)
        client.close()
    return {"counts": counts}


def raw(first):
    """What comes back for bytes that are no SSH, and how long it takes to be let go."""
    connection = socket.create_connection(address, timeout=20)
    start = time.time()
    answer = b""
    try:
        connection.sendall(first)
        while piece := connection.recv(65536):
            answer += piece
    except OSError:
        pass
    return [answer.decode(errors="replace"), time.time() - start]


def garbage():
    cases = {
        "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "old": b"SSH-1.5-ancient\r\n",
        "megabyte": b"SSH-2.0-" + b"x" * (1 << 20),
        "zeros": b"\0" * 100000,
    }
    return {name: raw(first) for name, first in cases.items()}


def idle():
    """Many connections that say nothing, or stop within the handshake."""
    connections = []
    for number in range(500):
        connection = socket.create_connection(address, timeout=20)
        if number % 2:
            connection.sendall(b"SSH-2.0-half\r\n\0\0")
        connections.append(connection)
    ended = 0
    deadline = time.time() + 20
    for connection in connections:
        connection.settimeout(max(0.1, deadline - time.time()))
        try:
            while connection.recv(65536):
                pass
            ended += 1
        except ConnectionError:
            ended += 1
        except OSError:
            pass
    return {"ended": ended}


def signed_in():
    client = transport()
    client.auth_password("web-1", open(arguments.token_file).read().strip())
    return client


def requests():
    """Requests that are unknown or refused, each with an answer; then the connection still works."""
    client = signed_in()
    answers = {}
    answers["unknown"] = client.global_request("nothing-of-this-name@example.com", wait=True) is None
    answers["remote"] = client.global_request("tcpip-forward", ("127.0.0.1", 0), wait=True) is None
    channel = client.open_session(timeout=20)
    for name, call in {
        "x11": lambda: channel.request_x11(handler=lambda *_: None),
        "agent": lambda: channel.request_forward_agent(lambda *_: None),
        "subsystem": lambda: channel.invoke_subsystem("no-such"),
    }.items():
        try:
            answers[name] = call() is False
        except paramiko.SSHException:
            answers[name] = True
    try:
        client.open_channel("no-such-kind", timeout=20)
        answers["kind"] = False
    except paramiko.ChannelException:
        answers["kind"] = True
    last = client.open_session(timeout=20)
    last.exec_command("echo alive")
    answers["alive"] = last.makefile().read().decode()
    return answers


def stalled():
    """A window that never opens, on one channel; another channel of the connection, and others, go on."""
    client = signed_in()
    closed = client.open_session(window_size=1024, timeout=20)
    closed.exec_command("head -c 100000000 /dev/zero")
    time.sleep(1)
    other = client.open_session(timeout=20)
    other.exec_command("echo through")
    answer = other.makefile().read().decode()
    return {"other": answer, "got": len(closed.in_buffer)}


def hasty():
    """A client that sends much to a program that does not read yet, and closes at once."""
    client = signed_in()
    channel = client.open_session(timeout=20)
    channel.exec_command(f"sleep 1; cat > {arguments.command}")
    channel.sendall(b"x" * 3_000_000)
    channel.shutdown_write()
    channel.close()
    deadline = time.time() + 60
    while time.time() < deadline and not (
            os.path.exists(arguments.command) and os.path.getsize(arguments.command) >= 3_000_000):
        time.sleep(0.1)
    return {}


def greedy():
    """Asks for a file again and again, and opens no window for the answers: how much of it is taken."""
    client = signed_in()
    channel = client.open_session(window_size=1024, timeout=20)
    channel.invoke_subsystem("sftp")

    def packet(kind, number, *parts):
        body = bytes([kind]) + number.to_bytes(4, "big") + b"".join(parts)
        return len(body).to_bytes(4, "big") + body

    def text(value):
        return len(value).to_bytes(4, "big") + value

    channel.sendall((5).to_bytes(4, "big") + b"\x01" + (3).to_bytes(4, "big"))
    reply = b""
    while len(reply) < 4 or len(reply) < 4 + int.from_bytes(reply[:4], "big"):
        reply += channel.recv(65536)
    channel.sendall(packet(3, 1, text(arguments.command.encode()), (1).to_bytes(4, "big"), bytes(4)))
    reply = channel.recv(65536)
    handle = reply[13:13 + int.from_bytes(reply[9:13], "big")]
    assert reply[4] == 102, reply
    size = (255 << 10).to_bytes(4, "big")
    reads = b"".join(packet(5, number, text(handle), bytes(8), size) for number in range(2, 500_000))
    channel.settimeout(4)
    sent = 0
    try:
        while sent < 16 << 20:
            sent += channel.send(reads[sent:sent + 32768])
    except socket.timeout:
        pass
    other = client.open_session(timeout=20)
    other.exec_command("echo through")
    resident = [line for line in open(f"/proc/{arguments.pid}/status") if line.startswith("VmRSS")]
    return {"sent": sent, "other": other.makefile().read().decode(), "resident": int(resident[0].split()[1]) >> 10}


def silent():
    """Starts a program without wanting an answer, and then asks for one: the first answer is to the second."""
    client = signed_in()
    channel = client.open_session(timeout=20)
    heard = []
    channel._request_success = lambda m: heard.append("success")
    channel._request_failed = lambda m: heard.append("failure")
    start = message(98)
    start.add_int(channel.remote_chanid)
    start.add_string("exec")
    start.add_boolean(False)
    start.add_string("sleep 1; echo done")
    client._send_user_message(start)
    answer = channel.makefile().read().decode()
    return {"heard": heard, "answer": answer}


def vanish():
    """A client that is gone in the middle of what it gets."""
    client = signed_in()
    channel = client.open_session(timeout=20)
    channel.exec_command(arguments.command)
    time.sleep(1)
    client.sock.close()
    return {}


def nul():
    """A command with a NUL character, which shells end at."""
    client = signed_in()
    channel = client.open_session(timeout=20)
    try:
        channel.exec_command("id\x00")
        channel.settimeout(20)
        while channel.recv(65536):
            pass
        return {"ended": True}
    except (paramiko.SSHException, socket.timeout) as error:
        return {"ended": str(error)}


functions = (skip, guess, garbage, idle, requests, stalled, hasty, greedy, silent, vanish, nul)
modes = {f.__name__: f for f in functions}
print(json.dumps(modes[arguments.mode]()))
