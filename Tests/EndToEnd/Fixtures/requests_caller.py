"""Python's requests as a caller: one session that keeps its connection, chunked uploads, streamed answers. JSON out."""

import argparse
import json

import requests

parser = argparse.ArgumentParser()
parser.add_argument("--url", required=True)
parser.add_argument("--token", required=True)
options = parser.parse_args()
session = requests.Session()
session.headers["Authorization"] = f"Bearer {options.token}"
result: dict = {}

statuses = []
for index in range(20):
    if index % 5 == 4:
        # A refusal in between ends neither the session nor the connection.
        answer = session.post(f"{options.url}/export", json={})
    else:
        answer = session.post(f"{options.url}/echo", json={"index": index})
        assert json.loads(answer.json()["body"])["index"] == index
    statuses.append(answer.status_code)
result["statuses"] = statuses


def pieces():
    yield b'{"first":"'
    for _ in range(50):
        yield b"p" * 1000
    yield b'","last":true}'


answer = session.post(f"{options.url}/echo", data=pieces(), headers={"Content-Type": "application/json"})
body = json.loads(answer.json()["body"])
result["chunked"] = {"status": answer.status_code, "first": len(body["first"]), "last": body["last"]}

with session.get(f"{options.url}/stream", stream=True) as answer:
    lines = [line for line in answer.iter_lines() if line.startswith(b"data: ")]
result["stream"] = {"events": len(lines), "ssn": sorted({json.loads(line[6:])["ssn"] for line in lines})}

answer = session.get(f"{options.url}/customer", params={"q": "ü & /?", "empty": ""})
result["customer"] = {"status": answer.status_code, "ssn": answer.json()["ssn"]}
answer = session.post(f"{options.url}/echo", data={"name": "Dana & co", "n": "1"})
result["form"] = answer.json()["body"]
result["head"] = session.head(f"{options.url}/customer").status_code
result["too_large"] = session.post(f"{options.url}/echo", data=b"x" * 2_000_000).status_code
result["after"] = session.get(f"{options.url}/customer").status_code
print(json.dumps(result))
