"""Cuts cases of one operator out of a larger golden file of the same form.

usage: subset.py OPS.safetensors OPERATOR EVERY OUT.safetensors    (every EVERY-th case of the operator, without fused relu)
Needs Python alone: tensors are copied as bytes, so that they stay those that PyTorch computed.
"""
import json
import struct
import sys


def main(source, operator, every, target):
    data = open(source, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    meta = header.pop("__metadata__")
    cases = [c for c in json.loads(meta["cases"]) if c["params"]["op"] == operator and not c["params"].get("relu")]
    cases = cases[::int(every)]
    names = []
    for case in cases:
        for group in (case["inputs"], case["expected"]):
            names += [v for v in group.values() if isinstance(v, str) and v not in names]
    meta["cases"] = json.dumps(cases)
    entries, parts, at = {"__metadata__": meta}, [], 0
    for name in sorted(names, key=lambda n: (-{"F32": 4, "I32": 4, "I64": 8, "F64": 8}.get(header[n]["dtype"], 1), n)):
        begin, end = header[name]["data_offsets"]
        parts.append(body[begin:end])
        entries[name] = {**header[name], "data_offsets": [at, at + end - begin]}
        at += end - begin
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
    print(len(cases), "cases,", at, "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
