import base64
import urllib.parse

import pytest

from swamp_harness.machinery.disguises import encodings_of
from swamp_harness.machinery.redaction import BLANK, SECRETS, Redactor
from swamp_harness.product.credential import credentials_in

SECRET = "s3cr3t/with+odd chars"


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.add(SECRET)
    return redactor


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        SECRET.encode().hex(),
        urllib.parse.quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"x" + SECRET.encode() + b"tail").decode(),
        base64.b64encode(b"xy" + SECRET.encode() + b"tail").decode(),
    ],
)
def test_a_known_secret_is_blanked_in_every_usual_encoding(redactor, shown):
    blanked = redactor.blank(f"before {shown} after")

    assert BLANK in blanked
    assert SECRET not in blanked
    assert blanked.startswith("before ")
    assert blanked.endswith(" after")


def test_a_text_without_secrets_is_left_alone(redactor):
    assert redactor.blank("nothing to hide") == "nothing to hide"


def test_a_longer_secret_is_not_left_half_blanked():
    redactor = Redactor()
    redactor.add("abcdef")
    redactor.add("abcdefghijkl")

    assert redactor.blank("abcdefghijkl") == BLANK


def test_a_value_too_short_to_be_a_secret_is_refused():
    with pytest.raises(ValueError, match="at least 6 characters"):
        Redactor().add("abc")


def test_a_credential_is_blanked_before_anybody_knows_it():
    blanked = SECRETS.blank(f"Token: w1.{'0a' * 32} is shown once")

    assert blanked == f"Token: w1.{BLANK} is shown once"


def test_a_checksum_is_no_credential():
    assert credentials_in(f"sha256 {'0a' * 32}  w1.tar.gz") == []


def test_an_encoded_secret_is_found_wherever_it_stands_in_a_text():
    for before in ("", "a", "ab", "abc", "abcd"):
        encoded = base64.b64encode(f"{before}{SECRET}!".encode())
        assert any(form in encoded for form in encodings_of(SECRET).values()), before
