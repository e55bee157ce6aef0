"""Signs in over SSH as a person would with a stock client: opens the page that the prompt names, and goes on."""
import argparse, json, re, urllib.parse, urllib.request
import paramiko

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--user")
parser.add_argument("--person")
arguments = parser.parse_args()
shown = []


def answer(title, instruction, prompts):
    shown.append(instruction)
    page = re.search(r"https?://\S+", instruction).group(0)
    code = re.search(r"code is (\S+)", instruction).group(1)
    form = {"user_code": code, "username": arguments.person, "decision": "approve"}
    urllib.request.urlopen(page.split("?")[0], urllib.parse.urlencode(form).encode()).read()
    return ["" for _ in prompts]


transport = paramiko.Transport(("127.0.0.1", arguments.port))
transport.start_client(timeout=20)
transport.auth_interactive(arguments.user, answer)
channel = transport.open_session(timeout=20)
channel.exec_command("echo three")
output = b""
while True:
    piece = channel.recv(65536)
    if not piece:
        break
    output += piece
print(json.dumps({"output": output.decode(), "shown": shown, "status": channel.recv_exit_status()}))
