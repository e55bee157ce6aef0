"""The root of a log's tree as pymerkle computes it from the entries, which knows nothing of tiles: FOLDER SIZE."""
import base64
import json
import pathlib
import sys

from pymerkle import InmemoryTree

folder, size = pathlib.Path(sys.argv[1]), int(sys.argv[2])
tree = InmemoryTree(algorithm="sha256")
for start in range(0, size, 256):
    count = min(256, size - start)
    # No log of the tests has a thousand bundles.
    bundle = folder / f"tile/entries/{start // 256:03d}"
    data = (bundle if bundle.exists() else bundle.with_name(f"{bundle.name}.p") / str(count)).read_bytes()
    for _ in range(count):
        end = 2 + int.from_bytes(data[:2], "big")
        tree.append_entry(data[2:end])
        data = data[end:]
print(json.dumps({"size": tree.get_size(), "root": base64.b64encode(tree.get_root()).decode()}))
