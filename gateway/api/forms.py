"""Request bodies as the `openai` client sends them: a multipart form or JSON, to one checked model."""

import re
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from shared.errors import InvalidRequest

Model = TypeVar("Model", bound=BaseModel)

_MAX_FIELDS = 100
_NESTED = re.compile(r"(\w+)\[(\w+)\]")
_FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """For a route's `openapi_extra`: it reads its body as a `model`, from JSON or from a form."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    media = {"schema": _inlined(schema, definitions)}
    kinds = ("application/json", *sorted(_FORMS, reverse=True))
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, media)}}


def _inlined(value: Any, definitions: dict[str, Any]) -> Any:
    """The JSON schema without references, which would not hold at another place of the document."""
    if isinstance(value, list):
        return [_inlined(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if reference := value.get("$ref"):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    return {key: _inlined(item, definitions) for key, item in value.items()}


async def read(request: Request, model: type[Model]) -> Model:
    """The body as a `model`. Raises InvalidRequest with the field at fault as `param`."""
    try:
        return model.model_validate(await _fields(request))
    except ValidationError as error:
        raise _invalid(error) from error


async def _fields(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        return await _form(request)
    if kind not in {"", "application/json"}:
        raise InvalidRequest(f"cannot read a body of type {kind[:100]!r}; send JSON or multipart/form-data")
    try:
        body = from_json(await request.body(), allow_inf_nan=False)
    except ClientDisconnect as error:
        raise InvalidRequest("the body did not arrive in full") from error
    except ValueError as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}", code="invalid_json") from error
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object", code="invalid_json")
    return body


async def _form(request: Request) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    async with request.form(max_files=4, max_fields=_MAX_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                raise InvalidRequest(_no_upload(name), param=name)
            _put(fields, name, value)
    return fields


def _put(fields: dict[str, Any], name: str, value: str) -> None:
    nested = _NESTED.fullmatch(name)
    if nested:
        inner = fields.setdefault(nested[1], {})
        if isinstance(inner, dict):
            inner[nested[2]] = value
            return
    elif name in {"plan", "video", "motion"} and value.lstrip().startswith("{"):
        fields[name] = _json_field(name, value)
        return
    fields[name] = value


def _json_field(name: str, value: str) -> Any:
    try:
        return from_json(value, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(f"{name} is not valid JSON: {error}", param=name) from error


def _no_upload(name: str) -> str:
    if name == "input_reference":
        return "input_reference is not supported: videos are made from text alone"
    if name == "video":
        return "uploading a video is not supported: name one of this server's videos by its id"
    return f"{name[:100]} must be text, not a file"


def _invalid(error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False, include_input=False)[0]
    param = str(first["loc"][0]) if first["loc"] else None
    if param is not None and param.startswith("plan["):
        return InvalidRequest("in a form, send plan as one field of JSON", param="plan")
    place = ".".join(str(part) for part in first["loc"])[:200]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "no such field"
    return InvalidRequest(f"{place or 'body'}: {message}", param=param and param[:100])
