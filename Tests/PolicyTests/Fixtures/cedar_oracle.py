"""Answers JSON lines of Cedar cases with the official engine (PyPI cedarpy), one line each.

In:  {"policies": text, "entities": [...], "requests": [...]}
Out: "invalid", or for each request "allow|determining|erring" (indices, comma-separated), joined by spaces.
A case without "requests" is only parsed: "valid" or "invalid".
"""

import json
import re
import sys

import cedarpy

ERRING = re.compile(r"error while evaluating policy `policy(\d+)`")


def indices(names):
    return ",".join(str(i) for i in sorted(int(name.removeprefix("policy")) for name in names))


def answer(case):
    try:
        if "requests" not in case:
            cedarpy.policies_to_json_str(case["policies"])
            return "valid"
    except ValueError:
        return "invalid"
    out = []
    for result in cedarpy.is_authorized_batch(case["requests"], case["policies"], case["entities"]):
        if result.decision == cedarpy.Decision.NoDecision:
            sys.stderr.write(f"{result.diagnostics.errors}\n{case}\n")
            return "invalid"
        erring = [ERRING.search(error) for error in result.diagnostics.errors]
        if None in erring:
            sys.stderr.write(f"unreadable error in {result.diagnostics.errors}\n")
            return "unreadable"
        verdict = "allow" if result.decision == cedarpy.Decision.Allow else "deny"
        out.append(f"{verdict}|{indices(result.diagnostics.reasons)}|{indices(m.group(1) for m in erring)}")
    return " ".join(out)


for line in sys.stdin:
    print(answer(json.loads(line)))
