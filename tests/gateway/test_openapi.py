"""The OpenAPI document describes what the routes read from the body themselves."""

from openapi_spec_validator import validate

from gateway.app import create_app
from gateway.settings import GatewaySettings


def test_the_document_is_valid_and_describes_every_body() -> None:
    document = create_app(GatewaySettings()).openapi()
    validate(document)
    create = document["paths"]["/v1/videos"]["post"]["requestBody"]
    assert create["required"]
    assert set(create["content"]) == {
        "application/json",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    }
    fields = create["content"]["multipart/form-data"]["schema"]
    assert fields["required"] == ["prompt"]
    assert fields["properties"]["reuse"]["enum"] == ["exact", "similar", "never"]
    assert "stages" in str(fields["properties"]["plan"])
    for path, operations in document["paths"].items():
        for method in {"post", "put"} & set(operations):
            if not path.endswith("/cancel"):
                assert "requestBody" in operations[method], (method, path)
