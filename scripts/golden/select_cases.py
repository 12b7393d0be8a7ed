#!/usr/bin/env python3
"""Make the committed selection of a golden file: some cases of each kind, with the tensors that they name.

    select_cases.py FULL.safetensors SELECTED.safetensors EVERY

The name of a case is PREFIX/VARIANT..; of each prefix (a shape, for products also batch and granularity) every EVERY-th variant
is kept, starting at a variant that moves on from prefix to prefix, so that each shape and each variant is covered.
"""
import json
import struct
import sys


def main(full, selected, every):
    with open(full, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    body = data[8 + length :]

    prefixes, kept = {}, []
    for case in json.loads(metadata["cases"]):
        parts = case["name"].split("/")
        prefix = "/".join(parts[: max(1, len(parts) - 2)])
        order, seen = prefixes.setdefault(prefix, [len(prefixes), 0])
        prefixes[prefix][1] += 1
        if (seen + order) % every == 0 or (seen == 0 and len(parts) == 1):
            kept.append(case)
    names = []
    for case in kept:
        for part in ("inputs", "expected"):
            names += [v for v in case[part].values() if isinstance(v, str) and v not in names]

    metadata["cases"] = json.dumps(kept, separators=(",", ":"))
    metadata["selection"] = f"{len(kept)} cases"
    metadata.pop("checks", None)
    offset, tensors, out = 0, [], {"__metadata__": metadata}
    for name in sorted(set(names), key=lambda n: header[n]["data_offsets"][0]):
        first, last = header[name]["data_offsets"]
        tensors.append(body[first:last])
        out[name] = dict(header[name], data_offsets=[offset, offset + last - first])
        offset += last - first
    text = json.dumps(out, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(selected, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensors))
    print(f"{selected}: {len(kept)} cases, {8 + len(text) + offset} bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
