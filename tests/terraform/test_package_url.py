"""modules/package-url: a download with the pinned SHA-256 is put into the bucket, and another one fails."""

import hashlib
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import deployment
import pytest
import stack
import terraform

PYTHON = os.environ.get("HTTP_PROVIDER_PYTHON")
pytestmark = pytest.mark.skipif(not PYTHON, reason="HTTP_PROVIDER_PYTHON is the Python with tests/terraform/requirements.txt")

ROOT_MODULE = """
provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}

variable "package_url" { type = string }
variable "package_sha256" { type = string }

module "package" {
  source         = "../modules/package-url"
  package_url    = var.package_url
  package_sha256 = var.package_sha256
  bucket         = "packages"
}

output "package" { value = module.package }
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The folder that the provider serves, and the environment in which Terraform uses it."""
    folder = tmp_path_factory.mktemp("downloads")
    with zipfile.ZipFile(folder / "bootstrap.zip", "w") as package:
        package.writestr("bootstrap", "a program")
    command = [PYTHON, "-u", Path(__file__).parent / "http_provider.py", folder, "--dev"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if reattach := re.search(r"TF_REATTACH_PROVIDERS='(.*)'", line):
                yield folder, {"TF_REATTACH_PROVIDERS": reattach[1]}
                break
        process.terminate()


@pytest.fixture(scope="module")
def server():
    server = stack.ministack()
    server.client("s3", deployment.MANAGEMENT).create_bucket(Bucket="packages")
    yield server
    server.stop()


@pytest.fixture
def apply(tmp_path, provider, server):
    """Applies the module with a URL and a SHA-256."""
    folder = terraform.copy(tmp_path / "terraform")
    root = folder / "root"
    root.mkdir()
    (root / "main.tf").write_text(ROOT_MODULE)
    variables = {
        **provider[1],
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": deployment.MANAGEMENT,
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    terraform.run(root, "init", "-backend=false", "-input=false", "-no-color", variables=variables)

    def applied(url, sha256):
        values = [f"-var=package_url={url}", f"-var=package_sha256={sha256}"]
        process = terraform.run(
            root, "apply", "-auto-approve", "-input=false", "-no-color", *values, check=False, variables=variables
        )
        outputs = json.loads(terraform.run(root, "output", "-json", variables=variables).stdout)
        return process, outputs.get("package", {}).get("value")

    return applied


def test_pinned_package_is_put_into_the_bucket(apply, provider, server):
    package = (provider[0] / "bootstrap.zip").read_bytes()
    sha256 = hashlib.sha256(package).hexdigest()
    process, output = apply("https://releases.example.com/bootstrap.zip", sha256)
    assert process.returncode == 0, process.stderr
    key = f"account-onboarding/{sha256}.zip"
    assert (output["s3_existing_package"]["bucket"], output["s3_existing_package"]["key"]) == ("packages", key)
    assert output["package_sha256"] == sha256
    stored = server.client("s3", deployment.MANAGEMENT).get_object(Bucket="packages", Key=key)
    assert stored["Body"].read() == package


def test_other_package_is_refused(apply):
    process, output = apply("https://releases.example.com/bootstrap.zip", hashlib.sha256(b"expected").hexdigest())
    assert process.returncode == 1
    assert "is not package_sha256" in " ".join(process.stderr.split())
    assert output is None, "a function that depends on the output is not deployed"


def test_failed_download_is_refused(apply):
    process, output = apply("https://releases.example.com/missing.zip", hashlib.sha256(b"").hexdigest())
    assert process.returncode == 1
    assert "answered with the status 404" in " ".join(process.stderr.split())
    assert output is None


def test_url_without_tls_is_refused(apply):
    process, _ = apply("http://releases.example.com/bootstrap.zip", hashlib.sha256(b"").hexdigest())
    assert process.returncode == 1
    assert "package_url must start with https://" in " ".join(process.stderr.split())
