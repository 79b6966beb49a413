"""Records what keys and types dbt's artifacts have, from the classes of an installed dbt-core: names, no schema text.

    <venv>/bin/python record_artifact_keys.py > artifact-keys.txt

A paragraph a class: its name, `open` when it takes other keys too, then its keys, `?` after one that may be
missing. `#Name` is a class, `'text'` a constant, `list` and `map` say what they hold.
"""

from __future__ import annotations

from typing import Any

from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from mashumaro.jsonschema import build_json_schema

ARTIFACTS = {
    "manifest": WritableManifest,
    "catalog": CatalogArtifact,
    "run_results": RunResultsArtifact,
    "sources": FreshnessExecutionResultArtifact,
}


def describe(schema: Any) -> str:
    """The type of one value, in words."""
    if not isinstance(schema, dict) or schema == {}:
        return "any"
    if "$ref" in schema:
        return "#" + schema["$ref"].rsplit("/", 1)[-1]
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " | ".join(repr(value) for value in sorted(schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(describe(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list ({describe(schema.get('items'))})"
    if schema.get("type") == "object":
        return f"map ({describe(schema.get('additionalProperties'))})"
    return str(schema.get("type", "any"))


def paragraph(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    is_open = schema.get("additionalProperties", True) is not False
    lines = [f"{name}{' open' if is_open else ''}"]
    for key, value in sorted(schema.get("properties", {}).items()):
        lines.append(f"  {key}{'' if key in required else '?'}: {describe(value)}")
    return "\n".join(lines)


def main() -> None:
    definitions: dict[str, Any] = {}
    roots = []
    for name, artifact in ARTIFACTS.items():
        schema = build_json_schema(artifact, all_refs=True).to_dict()
        roots.append(f"{name} = {describe(schema)}")
        definitions.update(schema["$defs"])
    print("\n".join(roots))
    for name, schema in sorted(definitions.items()):
        print(f"\n{paragraph(name, schema)}")


if __name__ == "__main__":
    main()
