"""Clients that sign in over SSH in ways in which people do not; prints what they got as one JSON document."""
import argparse, json, queue, socket, time
import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.message import Message

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--mode")
parser.add_argument("--token-file")
parser.add_argument("--count", type=int, default=0)
arguments = parser.parse_args()

ACCEPT, FAILURE, SUCCESS, INFO_REQUEST = 6, 51, 52, 60


class Heard(AuthHandler):
    """Says nothing by itself, and keeps what the server says."""

    def __init__(self, transport):
        super().__init__(transport)
        self.heard = queue.Queue()

    @property
    def _client_handler_table(self):
        return {number: self.keep(number) for number in (ACCEPT, FAILURE, SUCCESS, INFO_REQUEST)}

    def keep(self, number):
        def kept(message):
            if number == INFO_REQUEST:
                text = [message.get_text() for _ in range(3)][1]
                prompts = [message.get_text() for _ in range(message.get_int())]
                self.heard.put([number, text, prompts])
            else:
                self.heard.put([number])
            if number == SUCCESS:
                self._parse_userauth_success(message)

        return kept


class Client:
    def __init__(self):
        self.transport = paramiko.Transport(socket.create_connection(("127.0.0.1", arguments.port), timeout=20))
        self.transport.start_client(timeout=20)
        self.handler = self.transport.auth_handler = Heard(self.transport)

    def send(self, number, *fields):
        message = Message()
        message.add_byte(bytes([number]))
        for field in fields:
            if isinstance(field, bool):
                message.add_boolean(field)
            elif isinstance(field, int):
                message.add_int(field)
            else:
                message.add_string(field)
        self.transport._send_message(message)

    def service(self):
        self.send(5, "ssh-userauth")

    def interactive(self):
        self.send(50, "web-1", "ssh-connection", "keyboard-interactive", "", "")

    def password(self, text):
        self.send(50, "web-1", "ssh-connection", "password", False, text)

    def answer(self, text=""):
        self.send(61, 1, text)

    def hear(self):
        """The next answer; nothing where the connection has ended."""
        deadline = time.time() + 20
        while time.time() < deadline:
            try:
                return self.handler.heard.get(timeout=0.1)
            except queue.Empty:
                if not self.transport.is_active():
                    return None
        return "nothing came"

    def begin_browser(self):
        """Up to the page to sign in at: whether it was shown."""
        self.service()
        self.interactive()
        assert self.hear() == [ACCEPT]
        asked = self.hear()
        assert asked[0] == INFO_REQUEST and "http" not in asked[1], asked
        self.answer()
        shown = self.hear()
        return bool(shown) and shown[0] == INFO_REQUEST and "http" in shown[1]

    def run(self, command):
        channel = self.transport.open_session(timeout=20)
        channel.exec_command(command)
        return channel.makefile("rb").read().decode()

    def close(self):
        self.transport.close()


def token():
    return open(arguments.token_file).read().strip()


def flood():
    """Sign-ins in a browser that nobody finishes: how many are shown a page; then one more when they have gone."""
    clients = [Client() for _ in range(arguments.count)]
    shown = [client.begin_browser() for client in clients]
    for client in clients:
        client.close()
    time.sleep(3)
    return {"shown": shown, "later": Client().begin_browser()}


def abandon():
    """One after the other, on connections of their own, until none is shown a page any more."""
    shown = 0
    for _ in range(arguments.count):
        client = Client()
        if not client.begin_browser():
            break
        shown += 1
        client.close()
        time.sleep(1.5)
    return {"shown": shown}


def pipelined():
    """All at once: to be asked, Enter, and a password before any answer. The password gives the page up."""
    client = Client()
    client.service()
    client.interactive()
    client.answer()
    client.password(token())
    heard = [client.hear() for _ in range(4)]
    return {"heard": [one and one[0] for one in heard], "output": client.run("echo in")}


def wrong_count():
    """Two answers to one question, and then the page again."""
    client = Client()
    first = client.begin_browser()
    client.send(61, 2, "", "")
    refused = client.hear()
    client.interactive()
    asked = client.hear()
    client.answer()
    shown = client.hear()
    return {"first": first, "refused": refused[0], "asked": asked[0], "again": "http" in shown[1]}


def other_method():
    """As programs do that try each method they know: to be asked, and without an answer a password."""
    client = Client()
    client.service()
    client.interactive()
    client.password(token())
    heard = [client.hear() for _ in range(3)]
    return {"heard": [one and one[0] for one in heard], "output": client.run("echo in")}


modes = {f.__name__: f for f in (flood, abandon, pipelined, wrong_count, other_method)}
print(json.dumps(modes[arguments.mode]()))
