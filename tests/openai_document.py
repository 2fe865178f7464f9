"""What OpenAI's OpenAPI document says about the 46 operations, and a server that holds requests to it.

`tests/payloads/openai_facts.json` is the extract that the server works from: methods, paths, parameters and
the schemas of request bodies, no prose. Where the whole document stands at ../shared/openai/openapi.json, a
test makes the extract again and compares.
"""

import email.parser
import email.policy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT.parent / "shared" / "openai" / "openapi.json"
FACTS = ROOT / "tests" / "payloads" / "openai_facts.json"
STRUCTURE = {"type", "enum", "const", "items", "required", "properties", "additionalProperties"}
STRUCTURE |= {"minimum", "maximum", "minItems", "maxItems", "maxLength", "anyOf", "oneOf", "allOf"}
DEEPEST = 7  # levels of a schema; deeper ones take anything
BETA = re.compile(r"/(assistants|threads)\b")  # refused without the beta header; the document is silent


# Making the extract


def extract(document: dict[str, Any], wanted: dict[str, tuple[str, str, set[str]]]) -> dict[str, Any]:
    """Return the facts about `wanted`: our key -> (method, path in the document's words, members we send)."""
    facts = {}
    for key, (method, path, members) in sorted(wanted.items()):
        operation = document["paths"][path][method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        kind = next(iter(content), "")
        body = _flat(document, content[kind]["schema"]) if kind else {}
        facts[key] = {
            "method": method,
            "path": path,
            "query": _parameters(document, path, operation),
            "kind": kind,
            "known": sorted(body.get("properties", {})),
            "required": sorted(body.get("required", [])),
            "body": {
                k: _pruned(document, v, DEEPEST)
                for k, v in body.get("properties", {}).items()
                if k in members
            },
        }
    return facts


def _parameters(document, path, operation):
    both = [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
    query = [p for p in (_resolved(document, p) for p in both) if p["in"] == "query"]
    return {p["name"]: _pruned(document, p.get("schema", {}), 2) for p in query}


def _resolved(document, node):
    while "$ref" in node:
        name = node["$ref"].removeprefix("#/").split("/")
        node = document
        for step in name:
            node = node[step]
    return node


def _flat(document, schema):
    """Return one object schema out of an allOf of several."""
    schema = _resolved(document, schema)
    parts = [_flat(document, part) for part in schema.get("allOf", [])]
    flat = {"properties": {}, "required": []}
    for part in [*parts, schema]:
        flat["properties"] |= part.get("properties", {})
        flat["required"] += part.get("required", [])
    return flat


def _pruned(document, schema, depth):
    """Return a schema without prose, references resolved, `nullable` as JSON Schema says it."""
    if depth < 0 or not isinstance(schema, dict):
        return schema if isinstance(schema, bool) else {}
    schema = _resolved(document, schema)
    pruned = {key: value for key, value in schema.items() if key in STRUCTURE}
    for word in ("anyOf", "oneOf", "allOf"):
        if word in pruned:
            pruned[word] = [_pruned(document, part, depth - 1) for part in pruned[word]]
    if "properties" in pruned:
        pruned["properties"] = {k: _pruned(document, v, depth - 1) for k, v in pruned["properties"].items()}
    for word in ("items", "additionalProperties"):
        if word in pruned:
            pruned[word] = _pruned(document, pruned[word], depth - 1)
    if "oneOf" in pruned:  # pruned branches may overlap, which oneOf would refuse
        pruned["anyOf"] = pruned.pop("oneOf")
    return {"anyOf": [pruned, {"type": "null"}]} if schema.get("nullable") else pruned


# Holding requests to it


@cache
def facts() -> dict[str, Any]:
    return json.loads(FACTS.read_text("utf-8"))


class Refused(Exception):
    """The request is not what the document says; the message is what the server answers."""


def check(method: str, target: str, headers: dict[str, str], body: bytes) -> str:
    """Return the key of the operation that a request is, or raise Refused. `target` is still escaped."""
    path, _, query = target.partition("?")
    key, fact = _operation(method, path)
    if not re.fullmatch(r"Bearer sk-\S+", headers.get("authorization", "")):
        raise Refused("401 invalid_api_key")
    if BETA.search(path) and headers.get("openai-beta") != "assistants=v2":
        raise Refused("400 invalid_beta")
    _check_query(fact, query)
    _check_body(fact, headers.get("content-type", ""), body)
    return key


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    here = [(key, fact) for key, fact in facts().items() if _pattern(fact["path"]).fullmatch(path)]
    literal = [pair for pair in here if "{" not in pair[1]["path"].rsplit("/", 1)[-1]] or here
    if not literal:
        raise Refused(f"404 {path}")
    for key, fact in literal:
        if fact["method"] == method:
            return key, fact
    raise Refused(f"405 {method} {path}")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("(?:/v1)?" + re.sub(r"\\{\w+\\}", r"(?!\.\.?(?:/|$))[^/?#]+", re.escape(path)))


def _check_query(fact: dict[str, Any], query: str) -> None:
    for name, text in parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else ():
        schema = fact["query"].get(name)
        if schema is None:
            raise Refused(f"400 unknown parameter {name}")
        _validate(int(text) if schema.get("type") == "integer" and text.isdigit() else text, schema, name)
        if not text:
            raise Refused(f"400 blank parameter {name}")


def _check_body(fact: dict[str, Any], kind: str, body: bytes) -> None:
    if not fact["kind"]:
        if body:
            raise Refused("400 no body expected")
        return
    if kind.split(";")[0] != fact["kind"]:
        raise Refused(f"415 {kind or 'no content type'}, expected {fact['kind']}")
    members = _multipart(kind, body) if "multipart" in kind else _json(body)
    unknown = set(members) - set(fact["known"])
    absent = set(fact["required"]) - set(members)
    if unknown or absent:
        raise Refused(f"400 unknown {sorted(unknown)}, missing {sorted(absent)}")
    for name, value in members.items():
        _validate(value, fact["body"].get(name, {}), name)


def _json(body: bytes) -> dict[str, Any]:
    def members(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a member twice")
        return dict(pairs)

    def no_constant(name):
        raise ValueError(name)

    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=members, parse_constant=no_constant)
    except ValueError as error:
        raise Refused(f"400 invalid_json: {error}") from None


def _multipart(kind: str, body: bytes) -> dict[str, Any]:
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + body
    )
    if not message.is_multipart():
        raise Refused("400 no boundary")
    members = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if name == "file" and not part.get_filename():
            raise Refused("400 the file has no name")
        members[name] = part.get_payload(decode=True).decode("utf-8", "replace")
    return members


def _validate(value: Any, schema: dict[str, Any], name: str) -> None:
    error = next(Draft202012Validator(schema).iter_errors(value), None)
    if error:
        raise Refused(f"400 {name}: {error.message[:200]}")


async def application(scope, receive, send) -> None:
    """Answer 200 with the operation's key to what the document allows, else with the refusal's status."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    target = scope["raw_path"].decode() + (
        "?" + scope["query_string"].decode() if scope["query_string"] else ""
    )
    try:
        status, answer = 200, {"operation": check(scope["method"], target.replace("??", "?"), headers, body)}
    except Refused as refused:
        status, answer = int(str(refused)[:3]), {"error": {"message": unquote(str(refused))}}
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
    )
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
    return None
