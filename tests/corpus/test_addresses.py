"""Text behind addresses: a store that speaks S3, one that speaks GCS, and the `hdfs` program."""

from __future__ import annotations

import gzip
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from joblib.externals.loky import get_reusable_executor

from tests.corpus.test_streams import zstd
from tests.corpus.texts import TEXT, content
from wordnum.corpus.encoding import encode
from wordnum.errors import InputError

pytestmark = pytest.mark.long

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}

# The part of `hdfs dfs` that reading needs; the root of its file system is $HDFS_ROOT.
HDFS = """#!/bin/sh
test "$1 $2" = "dfs -cat" || exit 64
exec cat "$HDFS_ROOT/${3#hdfs://namenode/}"
"""


def files() -> dict[str, bytes]:
    table = io.BytesIO()
    pq.write_table(pa.table({"text": TEXT.split("\n\n")}), table)
    text = TEXT.encode()
    return {
        "text.txt": text,
        "text.txt.gz": gzip.compress(text),
        "text.txt.zst": zstd(text),
        "text.parquet": table.getvalue(),
        "cut.txt.gz": gzip.compress(text)[:-100],
    }


@pytest.fixture(scope="module")
def local() -> Iterator[pytest.MonkeyPatch]:
    """An environment in which no request leaves the machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield patch


@pytest.fixture(scope="module")
def s3(local: pytest.MonkeyPatch) -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0)
    boto3 = pytest.importorskip("boto3")
    for name, value in CREDENTIALS.items():
        local.setenv(name, value)
    server.start()
    try:
        host, port = server.get_host_and_port()
        local.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
        client: Any = boto3.client("s3")
        client.create_bucket(Bucket="bucket")
        for name, data in files().items():
            client.put_object(Bucket="bucket", Key=f"texts/{name}", Body=data)
        yield "s3://bucket/texts/"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def gs(local: pytest.MonkeyPatch) -> Iterator[str]:
    emulator = pytest.importorskip("gcp_storage_emulator.server")
    storage = pytest.importorskip("google.cloud.storage")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="bucket")
    local.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    local.setenv("GOOGLE_CLOUD_PROJECT", "project")
    server.start()
    try:
        bucket = storage.Client().bucket("bucket")
        for name, data in files().items():
            bucket.blob(f"texts/{name}").upload_from_string(data)
        yield "gs://bucket/texts/"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def hdfs(local: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> str:
    programs, root = tmp_path_factory.mktemp("bin"), tmp_path_factory.mktemp("hdfs")
    (programs / "hdfs").write_text(HDFS)
    (programs / "hdfs").chmod(0o755)
    (root / "texts").mkdir()
    for name, data in files().items():
        (root / "texts" / name).write_bytes(data)
    local.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    local.setenv("HDFS_ROOT", str(root))
    return "hdfs://namenode/texts/"


@pytest.fixture(params=["s3", "gs", "hdfs"])
def folder(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.mark.parametrize("name", ["text.txt", "text.txt.gz", "text.txt.zst", "text.parquet"])
def test_text_behind_an_address_becomes_the_corpus_of_the_same_file(
    folder: str, name: str, tmp_path: Path
):
    (tmp_path / name).write_bytes(files()[name])
    there = encode(folder + name, tmp_path / "there")
    encode(tmp_path / name, tmp_path / "here")
    assert content(tmp_path / "there") == content(tmp_path / "here")
    assert folder + name in str(there.manifest["source"])


@pytest.fixture
def fresh_workers() -> Iterator[None]:
    """Workers that know the addresses, which others have learned too late or should not know."""
    get_reusable_executor().shutdown(wait=True)
    yield
    get_reusable_executor().shutdown(wait=True)


def test_workers_read_addresses_themselves(folder: str, tmp_path: Path, fresh_workers: None):
    addresses = [folder + "text.txt", folder + "text.txt.gz"]
    encode(addresses, tmp_path / "one")
    encode(addresses, tmp_path / "two", n_jobs=2)
    assert content(tmp_path / "two") == content(tmp_path / "one")


@pytest.mark.parametrize(
    ("name", "message"),
    [("cut.txt.gz", "the compressed file ends too early"), ("none.txt", "the file cannot be read")],
)
def test_a_file_that_is_cut_off_or_missing_is_named_by_its_address(
    folder: str, name: str, message: str, tmp_path: Path
):
    with pytest.raises(InputError, match=message) as caught:
        encode(folder + name, tmp_path / "c")
    assert f"where: {folder}{name}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_without_the_program_of_hdfs_the_error_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="'hdfs'"):
        encode("hdfs://namenode/text.txt", tmp_path / "c")
