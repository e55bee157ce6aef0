"""Functions that the end-to-end suites call, run by Google's functions-framework."""

import hashlib
import json
import time

import flask
import functions_framework

CUSTOMER = {
    "id": "c-17",
    "name": "Dana Reyes",
    "email": "dana.reyes@example.com",
    "ssn": "536-22-8741",
    "card": {"number": "4111 1111 1111 1111", "expires": "11/29"},
    "balance": 1204.5,
}
runs = {"refund": 0}


@functions_framework.http
def handle(request: flask.Request):
    path = request.path
    if path == "/customer":
        return flask.jsonify(CUSTOMER)
    if path == "/refund":
        runs["refund"] += 1
        return flask.jsonify({"refund": runs["refund"], "accepted": request.get_json(silent=True)})
    if path == "/runs":
        return flask.jsonify(runs)
    if path == "/echo":
        return flask.jsonify(
            {
                "method": request.method,
                "path": request.full_path,
                "headers": [[name, value] for name, value in request.headers.items()],
                "body": request.get_data(as_text=True),
                "key_digest": hashlib.sha256(request.headers.get("X-Function-Key", "").encode()).hexdigest(),
            }
        )
    if path == "/gzip":
        import gzip

        answer = flask.Response(gzip.compress(json.dumps(CUSTOMER).encode()), mimetype="application/json")
        answer.headers["Content-Encoding"] = "gzip"
        return answer
    if path == "/stream":

        def lines():
            for index in range(5):
                yield f"data: {json.dumps(dict(CUSTOMER, index=index))}\n\n"
                time.sleep(0.05)

        return flask.Response(lines(), mimetype="text/event-stream")
    if path == "/slow":
        time.sleep(float(request.args.get("seconds", "1")))
        return flask.jsonify({"slept": True})
    if path == "/fail":
        return flask.jsonify({"error": "the ledger is closed", "card": "4111111111111111"}), 500
    if path == "/mcp":
        message = request.get_json()
        if message["method"] == "tools/list":
            tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("read", "pay", "drop")]
            result = {"tools": tools}
        else:
            text = f"ran {message['params']['name']} with {json.dumps(message['params']['arguments'])}"
            result = {"content": [{"type": "text", "text": text}]}
        return flask.jsonify({"jsonrpc": "2.0", "id": message["id"], "result": result})
    if path == "/pixel":
        return flask.Response(b"\x89PNG\r\n\x1a\n4111111111111111", mimetype="image/png")
    return flask.jsonify({"error": "no such function"}), 404
