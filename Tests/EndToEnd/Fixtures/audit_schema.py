"""Holds entries of an audit log, one a line of a file, against the published schema; prints what there was and what is
wrong. With --mutate it also spoils entries that are right, in each place, and prints what the schema takes all the same.
"""
import collections
import copy
import datetime
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker

# Each level of a value costs several frames.
sys.setrecursionlimit(20_000)

formats = FormatChecker()


@formats.checks("date-time", ValueError)
def is_moment(text):
    return not isinstance(text, str) or datetime.datetime.fromisoformat(text) is not None


def retyped(value):
    """A value of another type."""
    if isinstance(value, str):
        return 7
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, int):
        return str(value)
    return {} if isinstance(value, list) else []


# What callers and adapters say: any value is right there.
DATA = {"value"}
# Their names are data.
OPEN = {"facts", "details"}


def mutants(entry):
    """Copies of the entry with one thing wrong, each with what it is."""

    def at(path):
        changed = copy.deepcopy(entry)
        place = changed
        for step in path:
            place = place[step]
        return changed, place

    def walk(value, path, label):
        if isinstance(value, list):
            for index, element in enumerate(value):
                changed, place = at(path)
                place[index] = retyped(element)
                yield f"{label}[] of another type", changed
                yield from walk(element, path + [index], f"{label}[]")
        elif isinstance(value, dict):
            changed, place = at(path)
            place["surplus"] = 1
            yield f"{label}.surplus added", changed
            for name, member in value.items():
                changed, place = at(path)
                del place[name]
                yield f"{label}.{name} removed", changed
                if name in DATA:
                    continue
                changed, place = at(path)
                place[name] = retyped(member)
                yield f"{label}.{name} of another type", changed
                if name not in OPEN:
                    yield from walk(member, path + [name], f"{label}.{name}")

    return walk(entry, [], entry["kind"])


def outline(value):
    """What members there are, and nothing of what they say."""
    if isinstance(value, dict):
        return {name: outline(member) for name, member in value.items()}
    return [outline(element) for element in value] if isinstance(value, list) else type(value).__name__


schema = json.load(open(sys.argv[1], encoding="utf-8"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema, format_checker=formats)
kinds = collections.Counter()
wrong, taken, seen, refused = [], set(), set(), 0
for number, line in enumerate(open(sys.argv[2], encoding="utf-8"), 1):
    entry = json.loads(line)
    kind = entry.get("kind") if isinstance(entry, dict) else None
    kinds[str(kind)] += 1
    errors = list(validator.iter_errors(entry))
    wrong += [f"{number} {kind} {error.json_path}: {error.message[:300]}" for error in errors]
    shape = json.dumps([kind, outline(entry)])
    if errors or shape in seen or "--mutate" not in sys.argv:
        continue
    seen.add(shape)
    for what, mutant in mutants(entry):
        if validator.is_valid(mutant):
            taken.add(what)
        else:
            refused += 1
print(json.dumps({"kinds": kinds, "wrong": wrong[:40], "taken": sorted(taken), "refused": refused}))
