"""Downloads of files from a web server, complete or not at all, with a progress bar."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from swamp_harness.system.limits import DOWNLOAD, HTTP_ANSWER

if TYPE_CHECKING:
    import httpx
    from rich.progress import Progress

_UNFINISHED = ".part"
_CHUNK = 1 << 20
_OTHER_PROXY = "set HTTP_PROXY, HTTPS_PROXY and ALL_PROXY to an HTTP proxy, or unset them, and run again"


class NotThere(Exception):
    """The server has no such file."""


class Broken(Exception):
    """The download failed or is incomplete; the message is the reason, without a full stop.

    Attributes:
        remedy: what the user can do, without a full stop.
    """

    def __init__(self, why: str, remedy: str = "check the network, and run again") -> None:
        super().__init__(why)
        self.remedy = remedy


def text_of(url: str) -> str:
    """Download a small text.

    Raises:
        NotThere: the server has no such file.
        Broken: the download failed, or the content is not text.
    """
    with _answer(url) as answer:
        try:
            return answer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise Broken(f"{url.rpartition('/')[2]} is not text") from error


def address_after(url: str) -> str:
    """The address to which the server redirects a request.

    Raises:
        NotThere: the server does not redirect.
        Broken: the server did not answer.
    """
    with _answer(url) as answer:
        return str(answer.url)


def download(url: str, file: Path, title: str) -> None:
    """Download a file. The file appears at its place only when it is complete.

    Args:
        url: the address of the file.
        file: where to store it; the folder must exist.
        title: the text of the progress bar.

    Raises:
        NotThere: the server has no such file.
        Broken: the download failed, is incomplete or took too long.
        OSError: the file cannot be written.
    """
    deadline = time.monotonic() + DOWNLOAD.seconds
    with (
        _complete_or_absent(file) as unfinished,
        _answer(url) as answer,
        unfinished.open("wb") as sink,
        _bar(title) as bar,
    ):
        task = bar.add_task(title, total=int(answer.headers.get("Content-Length", 0)) or None)
        for chunk in answer.iter_bytes(_CHUNK):
            sink.write(chunk)
            bar.advance(task, len(chunk))
            if time.monotonic() > deadline:
                raise Broken(f"it took longer than {DOWNLOAD.seconds:g} s")


def keep_text(text: str, file: Path) -> None:
    """Write a text file. It replaces an earlier file only when it is complete.

    Raises:
        OSError: the file cannot be written.
    """
    with _complete_or_absent(file) as unfinished:
        unfinished.write_text(text, "utf-8")


@contextmanager
def _complete_or_absent(file: Path) -> Iterator[Path]:
    _remove_leftovers(file)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}{_UNFINISHED}")
    try:
        yield unfinished
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _answer(url: str) -> Iterator[httpx.Response]:
    import httpx  # noqa: PLC0415 - most runs download nothing

    try:
        with _client() as client, client.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise NotThere(url)
            if answer.is_error:
                raise Broken(f"the server answers {answer.status_code} {answer.reason_phrase}")
            yield answer
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Broken(str(error) or type(error).__name__) from error


def _client() -> httpx.Client:
    import httpx  # noqa: PLC0415 - most runs download nothing

    try:
        return httpx.Client(follow_redirects=True, timeout=HTTP_ANSWER.seconds)
    except ImportError as error:
        raise Broken("a SOCKS proxy is set; this suite supports HTTP proxies only", _OTHER_PROXY) from error
    except OSError as error:
        raise Broken(
            f"the file that SSL_CERT_FILE names cannot be read: {error.strerror}",
            "set SSL_CERT_FILE to a file of certificates or unset it, and run again",
        ) from error
    except (ValueError, httpx.InvalidURL) as error:
        raise Broken(f"the proxy that is set cannot be used: {error}", _OTHER_PROXY) from error


def _bar(title: str) -> Progress:
    from rich.console import Console  # noqa: PLC0415 - most runs download nothing
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        print(f"Downloading {title} ...", file=sys.stderr, flush=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _remove_leftovers(file: Path) -> None:
    for left in file.parent.glob(f"{file.name}.*{_UNFINISHED}"):
        pid = left.name.removesuffix(_UNFINISHED).rpartition(".")[2]
        if not (pid.isdigit() and psutil.pid_exists(int(pid))):
            left.unlink(missing_ok=True)
