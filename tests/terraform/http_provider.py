"""A double of the provider hashicorp/http, which is not on every machine: it answers each URL with a file of the same name.

    python http_provider.py FOLDER --dev

It prints TF_REATTACH_PROVIDERS, with which Terraform uses it instead of installing the real provider. It has only the attributes
that modules/package-url uses, with their names and types in the real one.
"""

import base64
import sys
from pathlib import Path

from tf import runner
from tf.iface import DataSource, Provider
from tf.schema import Attribute, Schema
from tf.types import Number, String

FOLDER = Path(sys.argv[1])


class Http(DataSource):
    def __init__(self, provider):
        pass

    @classmethod
    def get_name(cls):
        return "http"

    @classmethod
    def get_schema(cls):
        return Schema(
            attributes=[
                Attribute("url", String(), required=True),
                Attribute("status_code", Number(), computed=True),
                Attribute("response_body_base64", String(), computed=True),
            ]
        )

    def read(self, context, config):
        file = FOLDER / config["url"].rpartition("/")[2]
        body = file.read_bytes() if file.is_file() else b"Not Found"
        status = 200 if file.is_file() else 404
        return {"url": config["url"], "status_code": status, "response_body_base64": base64.b64encode(body).decode()}


class HttpProvider(Provider):
    def get_model_prefix(self):
        return ""

    def full_name(self):
        return "registry.terraform.io/hashicorp/http"

    def get_provider_schema(self, diagnostics):
        return Schema(attributes=[])

    def validate_config(self, diagnostics, config):
        pass

    def configure_provider(self, diagnostics, config):
        pass

    def get_data_sources(self):
        return [Http]

    def get_resources(self):
        return []


if __name__ == "__main__":
    runner.run_provider(HttpProvider(), sys.argv)
