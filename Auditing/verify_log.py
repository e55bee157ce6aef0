#!/usr/bin/env python3
"""Verifies a gateway's audit log, and proofs from it, by the specifications alone: C2SP signed-note, tlog-checkpoint,
tlog-tiles, tlog-proof, tlog-cosignature, tlog-witness (https://c2sp.org), RFC 6962. Needs the package `cryptography`.

    verify_log.py log FOLDER KEY [--since CHECKPOINT]     all entries, against the signed tree
    verify_log.py proof FILE KEY                          one entry; prints it
    verify_log.py consistency FILE KEY --since CHECKPOINT that the log grew from an older state
KEY: the log's public key or a file with it (of a rotated log several); --witness KEY and --quorum ask for cosignatures.
"""
import argparse
from base64 import b64decode
from functools import partial
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

decode = partial(b64decode, validate=True)


def node_hash(left, right):
    return sha256(b"\x01" + left + right).digest()


def read_key(kind, text):
    """A verifier key: name+id+base64(type || public key). Type 1 is a log's, 4 a witness's."""
    parts = (Path(text).read_text() if Path(text).is_file() else text).strip().split("+", 2)
    name, key_id, data = parts if len(parts) == 3 else (text, "", "")
    data = decode(data)
    expected = sha256(name.encode() + b"\n" + data).digest()[:4]
    if expected.hex() != key_id or len(data) != 33 or data[0] != kind:
        raise ValueError(f"{name} is no Ed25519 key of type {kind} with its own id, nor a file with one")
    return name, expected, kind, Ed25519PublicKey.from_public_bytes(data[1:])


def read_checkpoint(data, keys, witnesses=(), quorum=None):
    """The size and root that one of the log's keys signed, and the witnesses cosigned."""
    text, _, lines = data.decode().rpartition("\n\n")
    text, signatures = text + "\n", [line.split(" ") for line in lines.splitlines()]
    def is_signed(name, key_id, kind, public):
        own = [decode(value)[4:] for _, who, value in signatures if who == name and decode(value)[:4] == key_id]
        for value in own:
            # A cosignature begins with the time at which it was made.
            prefix = b"cosignature/v1\ntime %d\n" % int.from_bytes(value[:8], "big") if kind == 4 else b""
            public.verify(value[8 if kind == 4 else 0:], prefix + text.encode())
        return bool(own)
    origin, size, root = text.split("\n")[:3]
    if origin not in [key[0] for key in keys if is_signed(*key)]:
        raise ValueError(f"the checkpoint is of {origin}, and not signed by {keys[0][0]} as its own, by a given key")
    cosigned = sum(is_signed(*witness) for witness in witnesses)
    if cosigned < (len(witnesses) if quorum is None else quorum):
        raise ValueError(f"only {cosigned} of {len(witnesses)} witnesses cosigned the checkpoint")
    return int(size), decode(root)


def read_tile(folder, kind, index, width):
    """tile/<kind>/x001/x234/067, with .p/<width> while it is not full."""
    digits = f"{index:0{(len(str(index)) + 2) // 3 * 3}d}"
    groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
    path = Path(folder, "tile", str(kind), *(f"x{group}" for group in groups[:-1]), groups[-1])
    for file in (path, Path(f"{path}.p/{width}"))[::1 if width == 256 else -1]:
        if file.is_file():
            return file, file.read_bytes()
    raise ValueError(f"{path} of {width} is missing")


def tree_hash(hashes):
    """The root over hashes of one level (RFC 6962, section 2.1)."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256().digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_hash(hashes[:split]), tree_hash(hashes[split:]))


def leaves(folder, size):
    """The leaf hash of every entry, from the bundles."""
    for start in range(0, size, 256):
        path, data = read_tile(folder, "entries", start // 256, min(256, size - start))
        for position in range(start, min(start + 256, size)):
            length = int.from_bytes(data[:2], "big")
            entry, data = data[2:2 + length], data[2 + length:]
            if not length or len(entry) < length:
                raise ValueError(f"{path} ends within entry {position}")
            yield sha256(b"\x00" + entry).digest()


def check_tile(folder, level, index, hashes):
    """Holds the stored tile against the computed hashes."""
    path, stored = read_tile(folder, level, index, len(hashes))
    for position, value in enumerate(hashes):
        if stored[position * 32:position * 32 + 32] != value:
            first, last = (index * 256 + at << 8 * level for at in (position, position + 1))
            raise ValueError(f"entries {first} to {last - 1} are not those hashed in {path}; one was changed")


def root_of(levels):
    """The root over the hashes of each level that do not fill a tile."""
    rest = []
    for hashes in levels:
        rest = [tree_hash(hashes + rest)] if hashes or rest else []
    return tree_hash(rest)


def verify_log(folder, since, keys, *trust):
    size, root = read_checkpoint(Path(folder, "checkpoint").read_bytes(), keys)
    # What witnesses cosigned is what strangers were shown; the log has gone on since.
    shown = [(path, ()) for path in since] + ([(f"{folder}/checkpoint.witnessed", trust)] if trust[0] else [])
    kept = [(*read_checkpoint(Path(path).read_bytes(), keys, *asked), path) for path, asked in shown]
    if kept and (last := max(kept))[0] > size:
        raise ValueError(f"entries {size} to {last[0] - 1} were there when {last[2]} was signed, and are not now")
    levels = [[] for _ in range(8)]
    for count, value in enumerate(leaves(folder, size), 1):
        levels[0].append(value)
        for level, hashes in enumerate(levels):
            if len(hashes) < 256:
                break
            check_tile(folder, level, (count >> 8 * level + 8) - 1, hashes)
            levels[level + 1].append(tree_hash(hashes))
            levels[level] = []
        for old_size, old_root, path in kept:
            if old_size == count and old_root != root_of(levels):
                raise ValueError(f"the first {count} entries are not those that {path} signs")
    for level in [level for level, hashes in enumerate(levels) if hashes]:
        check_tile(folder, level, size >> 8 * level + 8, levels[level])
    if root_of(levels) != root:
        raise ValueError(f"the {size} entries have another root than the checkpoint signs: the tree was made anew")
    print(f"ok: {keys[0][0]}, {size} entries, root {root.hex()}")


def read_proof(data, names):
    """The values before the hashes, the hashes, and the checkpoint."""
    head, _, checkpoint = data.partition(b"\n\n")
    lines, values = head.decode().split("\n"), {}
    while lines and lines[0].split(" ")[0] in names:
        name, _, values[name] = lines.pop(0).partition(" ")
    return values, [decode(line) for line in lines], checkpoint


def climb(path, index, last, old, new):
    """RFC 9162, sections 2.1.3.2 and 2.1.4.2: the roots that a path leads to; the old one takes left siblings only."""
    for sibling in path:
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else (b"", b"")


def verify_proof(path, _, *trust):
    values, hashes, checkpoint = read_proof(Path(path).read_bytes(), ("c2sp.org/tlog-proof@v1", "extra", "index"))
    size, root = read_checkpoint(checkpoint, *trust)
    entry, index = decode(values["extra"]), int(values["index"])
    leaf = sha256(b"\x00" + entry).digest()
    if index >= size or climb(hashes, index, size - 1, leaf, leaf)[1] != root:
        raise ValueError(f"these bytes are not entry {index} of the {size} that the checkpoint signs")
    print(entry.decode())


def verify_consistency(path, since, *trust):
    values, hashes, checkpoint = read_proof(Path(path).read_bytes(), ("old",))
    size, root = read_checkpoint(checkpoint, *trust)
    old_size, old_root = read_checkpoint(Path(since[0]).read_bytes(), trust[0])
    index, last = old_size - 1, size - 1
    while index > 0 and index & 1:
        index, last = index >> 1, last >> 1
    start = hashes.pop(0) if old_size & old_size - 1 and hashes and old_size < size else old_root
    grew = old_size == 0 or (old_size == size and old_root == root) or (
        0 < old_size < size and climb(hashes, index, last, start, start) == (old_root, root))
    if not grew or int(values["old"]) != old_size:
        raise ValueError(f"the {old_size} entries of {since[0]} are not the first of {size}: some were changed")
    print(f"ok: {trust[0][0][0]} grew from {old_size} to {size} entries")


def main():
    kinds = {"log": verify_log, "proof": verify_proof, "consistency": verify_consistency}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    more = dict.fromkeys(("--since", "--witness"), {"action": "append", "default": []}) | {"--quorum": {"type": int}}
    for name, options in ({"what": {"choices": kinds}, "path": {}, "key": {"nargs": "+"}} | more).items():
        parser.add_argument(name, **options)
    given = parser.parse_args()
    if given.what == "consistency" and not given.since:
        parser.error("consistency takes --since CHECKPOINT, the older state")
    try:
        trust = [[read_key(1, text) for text in given.key], [read_key(4, text) for text in given.witness]]
        for path in Path(given.path, "checkpoint" if given.what == "log" else ""), *given.since:
            open(path).close()
    except (OSError, ValueError) as error:
        parser.error(f"cannot be read: {error}")
    try:
        kinds[given.what](given.path, given.since, *trust, given.quorum)
    except (InvalidSignature, OSError, ValueError, LookupError) as error:
        parser.exit(1, f"WRONG: {str(error) or 'a signature: the checkpoint was changed after it was signed'}\n")


if __name__ == "__main__":
    main()
