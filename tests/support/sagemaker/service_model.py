"""Prints local/sagemaker/service-model.json: what botocore says of the requests of the operations that we serve.

service_model.py <operation>...: the shapes of their inputs without the documentation, one a line.
service_model.py --runtime: runtime-model.json, the same of InvokeEndpoint, and where in a request each member stands.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from botocore.loaders import Loader

KEPT = ("type", "required", "min", "max", "pattern", "enum")


def reached_from(shapes: dict[str, Any], names: list[str]) -> list[str]:
    seen: list[str] = []
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.append(name)
        shape = shapes[name]
        names += [member["shape"] for member in shape.get("members", {}).values()]
        names += [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]
    return sorted(seen)


def compact(shape: dict[str, Any]) -> dict[str, Any]:
    kept = {name: shape[name] for name in KEPT if name in shape}
    if shape["type"] == "blob":
        kept["type"] = "string"  # which is compared as one of a character a byte
    pattern = kept.get("pattern", "").replace(r"\p{Alnum}", "a-zA-Z0-9")
    pattern = pattern.replace(r"[\p{Print}]", r"[\x20-\x7e]")
    pattern = pattern.removeprefix(r"\A").removesuffix(r"\z")
    # An end that is to come 1 to n times is no pattern that JavaScript takes; the length is in min and max.
    pattern = re.sub(r"\$\{1,\d+\}$", "", pattern)
    # ".*" allows everything but a line end.
    if pattern in ("", ".*"):
        kept.pop("pattern", None)
    else:
        kept["pattern"] = pattern
    if "members" in shape:
        kept["members"] = {name: member["shape"] for name, member in shape["members"].items()}
    for part in ("member", "key", "value"):
        if part in shape:
            kept[part] = shape[part]["shape"]
    return kept


def service_model(operations: list[str]) -> str:
    model = Loader().load_service_model("sagemaker", "service-2")
    inputs = {name: model["operations"][name]["input"]["shape"] for name in sorted(operations)}
    names = reached_from(model["shapes"], list(inputs.values()))
    lines = [f"{json.dumps(name)}: {json.dumps(compact(model['shapes'][name]))}" for name in names]
    body = ",\n".join(lines)
    return f'{{"operations": {json.dumps(inputs)},\n"shapes": {{\n{body}\n}}}}\n'


def runtime_model() -> str:
    model = Loader().load_service_model("sagemaker-runtime", "service-2")
    operation = model["operations"]["InvokeEndpoint"]
    name = operation["input"]["shape"]
    shapes = model["shapes"]
    places = {
        member: [described.get("location", "body"), described.get("locationName", "")]
        for member, described in shapes[name]["members"].items()
    }
    head = {
        "operations": {"InvokeEndpoint": name},
        "http": {
            "method": operation["http"]["method"],
            "path": operation["http"]["requestUri"],
            "places": places,
        },
        "shapes": {each: compact(shapes[each]) for each in reached_from(shapes, [name])},
    }
    return json.dumps(head, indent=1) + "\n"


if __name__ == "__main__":
    is_runtime = sys.argv[1:] == ["--runtime"]
    sys.stdout.write(runtime_model() if is_runtime else service_model(sys.argv[1:]))
