import base64
from pathlib import Path

import pytest

from swamp_harness.system import leak_search
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.leak_search import search_files, search_text

SECRET = "f00d" * 16


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (SECRET.encode(), "plain"),
        (b"\0\xff" * 500 + SECRET.encode() + b"\0", "plain"),
        (b"x" * ((1 << 20) - 10) + SECRET.encode(), "plain"),
        (SECRET.encode().hex().encode(), "hex"),
        (SECRET.encode("utf-16-le"), "UTF-16"),
        (base64.b64encode(b"ab" + SECRET.encode() + b"c"), "base64 (offset 2)"),
    ],
)
def test_a_secret_is_found_in_any_file_and_in_the_usual_encodings(tmp_path, content, encoding):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    file = tmp_path / "deep" / "er" / "data.db"
    file.write_bytes(content)

    leaks = search_files(SECRET, [tmp_path])

    assert [(leak.place, leak.encoding) for leak in leaks] == [(str(file), encoding)]


def test_the_store_of_the_vault_may_contain_it(tmp_path):
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "secret").write_text(SECRET)

    assert search_files(SECRET, [tmp_path], except_in=[vault]) == []


def test_nothing_is_left_of_the_planted_value(tmp_path):
    search_files(SECRET, [tmp_path])

    assert list(tmp_path.iterdir()) == []


def test_a_search_that_finds_nothing_proves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(leak_search, "_found_in", lambda *_: [])

    with pytest.raises(InfrastructureError, match="does not work"):
        search_files(SECRET, [tmp_path])


def test_a_file_that_cannot_be_read_is_an_infrastructure_error(tmp_path, monkeypatch):
    (tmp_path / "held").touch()
    opened = Path.open

    def open_all_but_one(path, *arguments, **named):
        if path.name == "held":
            raise PermissionError(13, "The process cannot access the file")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", open_all_but_one)
    with pytest.raises(
        InfrastructureError, match="held cannot be read, so a secret in it would not be found"
    ):
        search_files(SECRET, [tmp_path])


def test_texts_are_searched_by_name():
    leaks = search_text(SECRET, [("clean", "nothing"), ("worker-alpha", f"token {SECRET}")])

    assert [str(leak) for leak in leaks] == ["worker-alpha (plain)"]


def test_a_leak_in_disguise_is_found_across_the_border_of_two_reads(tmp_path):
    shown = "\x1b[0m\r\n".join(SECRET.upper())
    for index, length in enumerate(((1 << 20) - 200, (1 << 20) - len(shown), (1 << 20) - 1)):
        (tmp_path / f"{index}.log").write_bytes(b"\xff" * length + shown.encode() + b"\0" * 100)

    leaks = search_files(SECRET, [tmp_path])

    assert [leak.encoding for leak in leaks] == ["plain, disguised"] * 3


def test_an_ordinary_word_is_found_only_as_written(tmp_path):
    (tmp_path / "a.log").write_text("Something-Quite-Ordinary")

    assert search_files("somethingquiteordinary", [tmp_path], disguised=False) == []
    assert search_files("Something-Quite-Ordinary", [tmp_path], disguised=False) != []


def test_a_search_that_misses_disguises_proves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(leak_search.Finder, "matches", lambda *_: [])

    with pytest.raises(InfrastructureError, match="does not work"):
        search_files(SECRET, [tmp_path])


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b'{"text": "it is 4c~9f!"}', "plain"),
        (b"4c~9f!".hex().encode(), "hex"),
        ("4c~9f!".encode("utf-16-le"), "UTF-16"),
        (b"?pin=4c~9f%21", "URL"),
    ],
)
def test_a_secret_as_short_as_a_pin_is_found(tmp_path, content, encoding):
    (tmp_path / "record").write_bytes(content)

    assert [leak.encoding for leak in search_files("4c~9f!", [tmp_path])] == [encoding]


def test_a_secret_as_short_as_a_pin_is_not_found_in_similar_texts(tmp_path):
    (tmp_path / "record").write_text("4c9f 4c~9f? 4c-9f! 4 c ~ 9 f !")

    assert search_files("4c~9f!", [tmp_path]) == []


def test_files_of_the_same_content_are_all_found_but_decoded_once(tmp_path, monkeypatch):
    decoded = []
    matches = leak_search.Finder.matches

    def counted(finder, content):
        decoded.append(content)
        return matches(finder, content)

    monkeypatch.setattr(leak_search.Finder, "matches", counted)
    secret = "caf3" * 16
    for name in ("one", "other"):
        (tmp_path / name).write_text("A B C D E F" * 100 + " ".join(secret.upper()))

    leaks = search_files(secret, [tmp_path])

    assert [(leak.place, leak.encoding) for leak in leaks] == [
        (str(tmp_path / name), "plain, disguised") for name in ("one", "other")
    ]
    assert len([each for each in decoded if each.startswith(b"A B C")]) == 1

    (tmp_path / "one").write_text("nothing")
    assert [leak.place for leak in search_files(secret, [tmp_path])] == [str(tmp_path / "other")]
