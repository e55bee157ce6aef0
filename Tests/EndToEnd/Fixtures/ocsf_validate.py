"""Validates OCSF events, one a line of a file, offline; prints what classes there were and what is wrong."""
import collections
import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.8.0"
schema = get_ocsf_schema(VERSION)
embedded = OcsfJsonSchemaEmbedded(schema)
names = {definition.get("uid", 0): name for name, definition in schema["classes"].items()}
validators = {}
classes = collections.Counter()
wrong = []
for number, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1):
    event = json.loads(line)
    profiles = event["metadata"].get("profiles", [])
    assert event["metadata"]["version"] == VERSION
    key = (event["class_uid"], *profiles)
    if key not in validators:
        name = "base_event" if event["class_uid"] == 0 else names[event["class_uid"]]
        document = embedded.get_class_schema(name, profiles)
        kind = jsonschema.validators.validator_for(document)
        validators[key] = kind(document)
    classes[str(event["class_uid"])] += 1
    for error in validators[key].iter_errors(event):
        wrong.append(f"{number} {event['class_uid']} {list(error.absolute_path)}: {error.message[:300]}")
print(json.dumps({"classes": classes, "wrong": wrong[:40], "events": sum(classes.values())}))
