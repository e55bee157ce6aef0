"""Verifies a log's time stamps with rfc3161-client, which knows nothing of the gateway: FOLDER CA, the folder
`timestamps` and the PEM file of the authority's root. Prints which checkpoints are stamped, and what is wrong."""
import json
import pathlib
import sys

from cryptography.x509 import load_pem_x509_certificate
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

folder, authority = map(pathlib.Path, sys.argv[1:])
root = load_pem_x509_certificate(authority.read_bytes())
verifier = VerifierBuilder().add_root_certificate(root).build()

verified, wrong = {}, {}
for answer in sorted(folder.glob("*.tsr")):
    try:
        response = decode_timestamp_response(answer.read_bytes())
        verifier.verify_message(response, answer.with_suffix(".checkpoint").read_bytes())
        verified[answer.stem] = response.tst_info.gen_time.isoformat()
    except (VerificationError, ValueError) as error:
        wrong[answer.stem] = str(error)
print(json.dumps({"verified": verified, "wrong": wrong}))
