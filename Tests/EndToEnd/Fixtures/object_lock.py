"""What can be done with a bucket by a stock client of S3 that has the owner's keys: see the commands."""
import datetime
import json
import os
import pathlib
import sys

import botocore.exceptions
import botocore.session
from botocore.config import Config

command, endpoint, bucket, *rest = sys.argv[1:]
s3 = botocore.session.get_session().create_client(
    "s3", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id=os.environ["S3_ID"],
    aws_secret_access_key=os.environ["S3_KEY"],
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}))


def versions():
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found += page.get("Versions", [])
    return found


if command == "make":
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket="with-lock" in rest)
    print(json.dumps({}))
elif command == "list":
    print(json.dumps({"keys": sorted({version["Key"] for version in versions()})}))
elif command == "download":
    folder = pathlib.Path(rest[0])
    for key in {version["Key"] for version in versions()}:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    print(json.dumps({}))
elif command == "attack":
    # The owner tries to be rid of every version, to shorten its time, and to weaken its mode.
    deleted, weakened, until, days = [], [], [], set()
    all_versions = versions()
    now = datetime.datetime.now(datetime.timezone.utc)
    for version in all_versions:
        of = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        lock = s3.get_object_retention(**of)["Retention"]
        until.append(lock["Mode"] + " " + lock["RetainUntilDate"].isoformat())
        days.add(round((lock["RetainUntilDate"] - now).total_seconds() / 86400))
        for extra in ({}, {"BypassGovernanceRetention": True}):
            try:
                s3.delete_object(**of, **extra)
                deleted.append(version["Key"])
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "AccessDenied", error
        for retention in ({"Mode": "COMPLIANCE", "RetainUntilDate": lock["RetainUntilDate"] - datetime.timedelta(hours=1)},
                          {"Mode": "GOVERNANCE", "RetainUntilDate": lock["RetainUntilDate"]}):
            try:
                s3.put_object_retention(**of, Retention=retention)
                weakened.append(version["Key"])
            except botocore.exceptions.ClientError:
                pass
    print(json.dumps({"versions": len(all_versions), "deleted": deleted, "weakened": weakened, "until": until,
                      "days": sorted(days), "left": len(versions())}))
