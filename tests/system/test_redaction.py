"""Secrets are blanked in every form, and ordinary text is not changed."""

import base64
import hashlib
import json
import re
import secrets
import threading

import pytest

from swamp_harness.product.credential import (
    credentials_in,
    learn_from_answer,
    learn_from_output,
    learn_from_reading,
)
from swamp_harness.system.disguises import encodings_of
from swamp_harness.system.leak_search import search_text
from swamp_harness.system.redaction import BLANK, SECRETS, Redactor
from tests.disguised import DISGUISES

MINTED = "60d1f2e3a4b5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff"
VAULT_SECRETS = {
    "a minted secret": MINTED,
    "a random secret": "Zk3-_x9Q0aP7rT5uV1wY_bC-dE8fG2hJ",
    "special characters": 'it\'s "quoted", <tagged> & 100%41 $(run) \\n C:\\temp\\new',
    "several lines": "key, lines:\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n  BKcwggSjAgEAAoIBAQ==\n-----END KEY",
    "letters beyond ASCII": "Pässwörter für 日本語 und пароль №7",
}
ORDINARY = (
    "The quick brown fox | jumped over \x1b[31mthe lazy dog\x1b[0m: 12:30:11 (50 %) <b>&amp;</b> "
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 C:\\Users\\new\\x61 日本語\n"
)


def many(count):
    return [hashlib.sha256(str(index).encode()).hexdigest() for index in range(count)]


def blanking(*known):
    redactor = Redactor()
    for secret in known:
        redactor.add(secret)
    return redactor


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("secret", VAULT_SECRETS)
def test_a_known_secret_is_blanked_in_every_disguise(secret, disguise):
    shown = DISGUISES[disguise](VAULT_SECRETS[secret])

    blanked = blanking(VAULT_SECRETS[secret]).blank(f"before {shown} after")

    assert blanked.startswith("before ")
    assert blanked.endswith(" after")
    assert BLANK in blanked
    # At most quotes, colours, and the ends that base64 mixes with their neighbours are left.
    assert len(blanked.replace(BLANK, "")) < len("before  after") + 45


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("secret", VAULT_SECRETS)
def test_a_leak_is_found_in_every_disguise(secret, disguise):
    shown = DISGUISES[disguise](VAULT_SECRETS[secret])

    assert search_text(VAULT_SECRETS[secret], [("a log", f"before {shown} after")])


@pytest.mark.parametrize("secret", VAULT_SECRETS.values(), ids=VAULT_SECRETS)
def test_ordinary_text_is_not_changed(secret):
    assert blanking(secret).blank(ORDINARY) == ORDINARY
    assert search_text(secret, [("a log", ORDINARY)]) == []


def test_another_secret_is_not_a_leak():
    others = many(50)

    assert search_text(MINTED, [("a log", " ".join([*others, MINTED[:-1], MINTED[1:]]))]) == []


def test_every_one_of_many_secrets_is_blanked():
    known = many(200)

    assert blanking(*known).blank(", ".join(known)) == ", ".join([BLANK] * 200)


@pytest.mark.parametrize("length", [1, 100, 1 << 18, (1 << 18) - 30, (1 << 19) - 5])
@pytest.mark.parametrize("disguise", ["plain", "colours inside", "JSON escapes", "lines of a box"])
def test_a_secret_is_blanked_at_every_place(length, disguise):
    shown = DISGUISES[disguise](MINTED)

    assert MINTED[5:20] not in (blanked := blanking(MINTED).blank("." * length + shown + "." * length))
    assert blanked.count(BLANK) == 1


def test_a_truncated_secret_is_blanked():
    redactor = blanking(MINTED)

    table = f"│ alpha │ {MINTED[:32]} │ unused │\n│       │ {MINTED[32:]} │        │"
    assert redactor.blank(table) == f"│ alpha │ {BLANK} │ unused │\n│       │ {BLANK} │        │"
    assert redactor.blank(f"{MINTED[:40]}…") == f"{BLANK}…"
    assert redactor.blank(f"…{MINTED[-16:]}") == f"…{BLANK}"


def test_a_short_secret_is_blanked_only_as_it_is_written_or_escaped():
    redactor = blanking("hunter-2!")

    assert redactor.blank("say hunter-2! or hunter%2D2%21") == f"say {BLANK} or {BLANK}"
    assert redactor.blank("the hunter has 2 dogs; hunter 2") == "the hunter has 2 dogs; hunter 2"


def test_a_text_without_secrets_is_not_changed():
    assert Redactor().blank("nothing to hide") == "nothing to hide"


def test_a_longer_secret_is_blanked_completely():
    assert blanking("abcdef", "abcdefghijkl").blank("abcdefghijkl") == BLANK


def test_a_value_too_short_to_be_a_secret_is_refused():
    with pytest.raises(ValueError, match="at least 6 bytes"):
        Redactor().add("abc")


@pytest.mark.parametrize("secret", VAULT_SECRETS.values(), ids=VAULT_SECRETS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_blanked_json_document_is_valid(secret, ascii_only):
    document = {"a": f"\n{secret}\\", "b": [secret, f"{secret}\t", {f'"{secret}"': f"\u2028{secret[:20]}"}]}

    blanked = blanking(secret).blank(json.dumps(document, ensure_ascii=ascii_only))

    assert list(json.loads(blanked)) == ["a", "b"]
    assert secret not in blanked


def test_text_that_is_not_valid_unicode_is_blanked():
    assert blanking(MINTED).blank(f"\ud800{MINTED}\udfff") == f"\ud800{BLANK}\udfff"


def test_a_secret_split_over_lines_is_blanked_in_each_of_them():
    lines = ["first", f"it is {MINTED[:10]}", f"{MINTED[10:60]}", f"{MINTED[60:]} it was", "", "last"]

    blanked = blanking(MINTED).blank_lines(lines)

    assert blanked == ["first", f"it is {BLANK}", BLANK, f"{BLANK} it was", "", "last"]


def test_secrets_may_become_known_while_others_are_blanked():
    redactor = blanking(MINTED)
    texts: list[str] = []

    def add():
        for seed in range(300):
            redactor.add(f"{seed:064x}"[::-1] + MINTED)

    def blank():
        texts.extend(redactor.blank(f"x {MINTED} y") for _ in range(300))

    threads = [threading.Thread(target=work) for work in (add, blank)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(texts) == {f"x {BLANK} y"}


# --- credentials


def test_a_credential_is_blanked_before_it_is_known():
    blanked = SECRETS.blank(f"Token: w1.{'0a' * 32} is shown once")

    assert blanked == f"Token: w1.{BLANK} is shown once"


def test_a_checksum_is_not_a_credential():
    assert credentials_in(f"sha256 {'0a' * 32}  w1.tar.gz") == []


def test_credentials_are_read_with_their_names():
    one, two = "0a" * 32, "1b" * 32
    text = f"-_w-1.{one} (.{one} -.{one} é.{one}) w_2.{two}.{one} w3.{two}0 {'n' * 900}.{one}"

    assert [(each.name[:9], each.secret) for each in credentials_in(text)] == [
        ("w-1", one), ("w_2", two), ("n" * 9, one)
    ]  # fmt: skip


def minted():
    return secrets.token_hex(32)


@pytest.mark.parametrize(
    "disguise",
    [name for name in DISGUISES if name == "hexadecimal escapes" or not re.match("hex|base64", name.lower())],
)
def test_the_secret_in_the_answer_to_minting_becomes_known_in_any_form(disguise):
    secret = minted()
    answer = f"Token: w1\n\n  w1.{DISGUISES[disguise](secret)}\n\nKeep it, it is shown once."

    learn_from_output(answer)

    assert SECRETS.blank(f"seen {secret} here") == f"seen {BLANK} here"
    assert SECRETS.blank(secret.upper()) == BLANK


def test_a_json_answer_makes_a_secret_of_any_form_known():
    secret = secrets.token_urlsafe(32)

    learn_from_answer({"token": f"w1.{secret}", "expiresAt": 7})
    learn_from_answer({"token": None})
    learn_from_answer(["token"])

    assert SECRETS.blank(secret.upper()) == BLANK


@pytest.mark.parametrize(
    "shown",
    [
        "{}\n",
        "The secret: {}\n",
        '{{"vaultName": "v1", "value": "{}"}}',
        '{{"values": [{{"of-the-key": "{}"}}]}}',
    ],
)
def test_a_secret_that_a_command_reads_becomes_known_whatever_its_form(shown):
    secret = f"k{secrets.token_urlsafe(32)}0"  # no punctuation at its ends

    learn_from_reading(shown.format(secret), ("vault", "read-secret", "v1", "key"))

    assert SECRETS.blank(secret) == BLANK


def test_what_is_no_secret_in_the_answer_of_a_command_that_reads_one_is_not_blanked():
    key, place = "server-token-of-alice-2026", "/home/uat-123456/scenario-001/repository"
    text = f"Error: the vault has no secret {key}, says http://127.0.0.1:4711/health; unfortunately: {place}."

    learn_from_reading(text, ("vault", "read-secret", "v1", key))

    assert SECRETS.blank(text) == text


def test_an_encoded_secret_is_found_at_every_place_in_a_text():
    secret = "s3cr3t/with+odd chars"
    for before in ("", "a", "ab", "abc", "abcd"):
        encoded = base64.b64encode(f"{before}{secret}!".encode())
        assert any(form in encoded for form in encodings_of(secret).values()), before
