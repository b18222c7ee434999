"""The examples applied to an emulator, as a user applies them to AWS: unchanged, with settings in the environment."""

import json
import os
import shutil
import tempfile
import zipfile

import boto3
import stack
import terraform
from botocore.config import Config
from front import Front

MANAGEMENT = "111122223333"


class Deployment:
    """A folder with an example, its state, and an emulator."""

    def __init__(self, folder, bootstrap):
        self.front = Front()
        # The emulator runs the function: it unpacks the zip below TMPDIR, and passes its own AWS_ENDPOINT_URL on to `bootstrap`.
        self.unpacked = tempfile.TemporaryDirectory()
        environment = {"AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "{port}"}
        environment |= {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
        environment |= {"AWS_ENDPOINT_URL": self.front.url, "TMPDIR": self.unpacked.name}
        self.server = stack.Server(["ministack"], environment)
        self.front.port = self.server.port
        self.folder = terraform.copy(folder) / "examples" / "deployed"
        self.folder.mkdir()
        self.variables = {
            "AWS_ENDPOINT_URL": self.front.url,
            "AWS_ACCESS_KEY_ID": MANAGEMENT,  # in the emulator, the root user of this account
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with zipfile.ZipFile(self.folder / "bootstrap.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
            package.write(bootstrap, "bootstrap")  # with its mode

    def use(self, example):
        """Replaces the deployed example by another one, keeping the state."""
        for file in self.folder.glob("*.tf"):
            file.unlink()
        shutil.copytree(self.folder.parent / example, self.folder, dirs_exist_ok=True)
        terraform.init(self.folder)

    def terraform(self, *arguments, check=True):
        return terraform.run(self.folder, *arguments, check=check, variables=self.variables)

    def apply(self):
        self.terraform("apply", "-auto-approve", "-input=false", "-no-color")

    def plan(self):
        """What `terraform show -json` prints for a plan."""
        self.terraform("plan", "-input=false", "-no-color", "-out=plan")
        return json.loads(self.terraform("show", "-json", "plan").stdout)

    def client(self, service, account=MANAGEMENT):
        return self.server.client(service, account)

    def secure_client(self, service):
        """A client whose calls arrive over TLS."""
        return boto3.client(
            service,
            endpoint_url=self.front.url,
            region_name=stack.REGION,
            aws_access_key_id=MANAGEMENT,
            aws_secret_access_key="test",
            config=Config(proxies={}),
        )

    def close(self):
        self.server.stop()
        self.front.close()
        self.unpacked.cleanup()


def bootstrap():
    """The path of the function's binary: that of BOOTSTRAP, or of `cargo build`."""
    return terraform.ROOT / os.environ.get("BOOTSTRAP", "target/debug/bootstrap")
