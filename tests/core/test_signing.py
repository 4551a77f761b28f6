from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kdh_desktop.core.classification.signing import (
    SIGNATURE_SIZE,
    create_signing_key,
    load_signing_key,
    load_trusted_keys,
    sign,
    verify,
    write_public_key,
)
from kdh_desktop.core.errors import ModelError, VerificationError
from tests.data.tiny_bundle import tiny_key

DATA = b"what was signed"


def test_signature_of_any_trusted_key_is_accepted() -> None:
    key, other = tiny_key(1), tiny_key(2)
    signature = sign(DATA, key)
    assert len(signature) == SIGNATURE_SIZE
    verify(DATA, signature, [other.public_key(), key.public_key()])


@pytest.mark.parametrize(
    ("data", "signature"),
    [
        (DATA + b"!", sign(DATA, tiny_key())),
        (DATA, sign(DATA, tiny_key(3))),
        (DATA, bytes(SIGNATURE_SIZE)),
        (DATA, b""),
        (DATA, sign(DATA, tiny_key()) + b"\0"),
    ],
    ids=["other data", "other key", "zeros", "nothing", "one byte more"],
)
def test_wrong_signature_is_refused(data: bytes, signature: bytes) -> None:
    with pytest.raises(VerificationError, match="not signed by a publisher"):
        verify(data, signature, [tiny_key().public_key()])


def test_created_pair_signs_and_verifies(tmp_path: Path) -> None:
    private, public = tmp_path / "private" / "key.pem", tmp_path / "keys" / "site.pub"
    made = create_signing_key(private, public)
    signature = sign(DATA, load_signing_key(private))
    verify(DATA, signature, load_trusted_keys(public.parent))
    verify(DATA, signature, [made.public_key()])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_private_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    create_signing_key(tmp_path / "key.pem", tmp_path / "key.pub")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("existing", ["key.pem", "key.pub"])
def test_key_is_never_overwritten(existing: str, tmp_path: Path) -> None:
    (tmp_path / existing).write_text("old")
    with pytest.raises(ModelError, match="never overwritten"):
        create_signing_key(tmp_path / "key.pem", tmp_path / "key.pub")
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "old"


def test_keys_of_all_folders_count_and_missing_folders_hold_none(tmp_path: Path) -> None:
    write_public_key(tmp_path / "one" / "a.pub", tiny_key(1).public_key())
    write_public_key(tmp_path / "two" / "b.pub", tiny_key(2).public_key())
    (tmp_path / "two" / "README.txt").write_text("no key")
    keys = load_trusted_keys(tmp_path / "one", tmp_path / "missing", tmp_path / "two")
    assert keys == (tiny_key(1).public_key(), tiny_key(2).public_key())


def public_pem_of_another_kind() -> bytes:
    public = Ed448PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "data", [b"", b"-----BEGIN PUBLIC KEY-----", b"x" * 10**6, public_pem_of_another_kind()]
)
def test_file_that_is_no_public_key_stops_all_trust(data: bytes, tmp_path: Path) -> None:
    write_public_key(tmp_path / "good.pub", tiny_key().public_key())
    (tmp_path / "bad.pub").write_bytes(data)
    with pytest.raises(VerificationError, match=r"bad\.pub"):
        load_trusted_keys(tmp_path)


def encrypted_private_pem() -> bytes:
    return tiny_key().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )


def private_pem_of_another_kind() -> bytes:
    return Ed448PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", encrypted_private_pem(), private_pem_of_another_kind()]
)
def test_file_that_is_no_plain_private_key_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(data)
    with pytest.raises(ModelError, match="signing key cannot be read"):
        load_signing_key(tmp_path / "key.pem")


def test_missing_private_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="signing key cannot be read"):
        load_signing_key(tmp_path / "key.pem")
