"""Downloads from a server that cuts, stalls and lies: recovered from or told, never a bad file left."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from groundup.data.download import Packed, fetch, only_one
from groundup.data.errors import DownloadError

ROOT = Path(__file__).resolve().parents[2]
CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, np.uint8).tobytes()
BODY = gzip.compress(CONTENT, mtime=0)
WANTED = Packed("numbers.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
Behaviour = Callable[["Handler", int], None]


class Handler(BaseHTTPRequestHandler):
    """Answers the n-th request as the server's list of behaviours says; the last one goes on."""

    server: Server

    def do_GET(self) -> None:
        number = len(self.server.ranges)
        self.server.ranges.append(self.headers.get("Range"))
        behaviours = self.server.behaviours
        behaviours[min(number, len(behaviours) - 1)](self, self.start())

    def start(self) -> int:
        asked = self.headers.get("Range", "")
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is None or length >= 0:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    behaviours: list[Behaviour]
    ranges: list[str | None]
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up is expected here

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.behaviours, server.ranges = list(behaviours), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- behaviours ---------------------------------------------------------------------------------------------


def honest(handler: Handler, start: int) -> None:
    if start >= len(BODY):
        handler.answer(416, b"", Content_Range=f"bytes */{len(BODY)}")
    elif start:
        handler.answer(206, BODY[start:], Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
    else:
        handler.answer(200, BODY)


def without_ranges(handler: Handler, start: int) -> None:
    handler.answer(200, BODY)


def cutting(handler: Handler, start: int) -> None:
    """Promises the rest and gives 100,000 bytes of it."""
    rest = BODY[start : start + 100_000]
    if start:
        handler.answer(206, rest, len(BODY) - start, Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
    else:
        handler.answer(200, rest, len(BODY))
    handler.close_connection = True


def stalling(handler: Handler, start: int) -> None:
    handler.answer(200, BODY[:50_000], len(BODY))
    handler.wfile.flush()
    time.sleep(2)


def silent(handler: Handler, start: int) -> None:
    time.sleep(2)


def trickling(handler: Handler, start: int) -> None:
    handler.answer(200, BODY[:10], len(BODY))
    for byte in BODY[10:210]:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


def hanging_up(handler: Handler, start: int) -> None:
    handler.connection.close()


def chunked(handler: Handler, start: int) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.answer(200, b"", -1, Transfer_Encoding="chunked")
    for place in range(0, len(BODY), 70_000):
        piece = BODY[place : place + 70_000]
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")
    handler.close_connection = True


def wrong_place(handler: Handler, start: int) -> None:
    if not start:
        cutting(handler, start)
    else:
        handler.answer(206, BODY[7:], Content_Range=f"bytes 7-{len(BODY) - 1}/{len(BODY)}")


def status(code: int) -> Behaviour:
    return lambda handler, start: handler.answer(code, b"no", Content_Type="text/plain")


def lying(body: bytes, length: int | None = None) -> Behaviour:
    return lambda handler, start: handler.answer(200, body, length, Content_Type="application/gzip")


def web_page(handler: Handler, start: int) -> None:
    handler.answer(200, b"<!doctype html><p>Please log in to this network", Content_Type="text/html")


def get(folder: Path, *servers: Server, timeout: float = 0.4, attempts: int = 3) -> Path:
    mirrors = [server.url for server in servers]
    return fetch(WANTED, mirrors, folder, timeout=timeout, attempts=attempts, pause=0.01)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".numbers.gz.lock"}


# --- what is recovered from ---------------------------------------------------------------------------------


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    with serving(honest) as server:
        path = get(tmp_path / "new" / "folder", server)
        assert gzip.decompress(path.read_bytes()) == CONTENT
        assert get(path.parent, server) == path
        assert server.ranges == [None]
    assert names_in(path.parent) == {"numbers.gz"}


@pytest.mark.parametrize(
    ("behaviours", "ranges"),
    [
        ([cutting], [None, "bytes=100000-", "bytes=200000-", "bytes=300000-"]),
        ([cutting, honest], [None, "bytes=100000-"]),
        ([cutting, without_ranges], [None, "bytes=100000-"]),
        ([cutting, status(503), honest], [None, "bytes=100000-", "bytes=100000-"]),
        ([stalling, honest], [None, "bytes=50000-"]),
        ([silent, honest], [None, None]),
        ([hanging_up, honest], [None, None]),
        ([status(500), status(429), honest], [None, None, None]),
        ([wrong_place, wrong_place, honest], [None, "bytes=100000-", None]),
        ([chunked], [None]),
    ],
    ids=lambda value: "+".join(getattr(b, "__name__", "?") for b in value) if callable(value[0]) else "",
)
def test_a_cut_is_recovered_from(tmp_path: Path, behaviours: list[Behaviour], ranges: list[str | None]) -> None:
    with serving(*behaviours) as server:
        path = get(tmp_path, server)
        assert gzip.decompress(path.read_bytes()) == CONTENT
        assert len(server.ranges) == len(ranges)
        for got, expected in zip(server.ranges, ranges, strict=True):
            assert got == expected
    assert names_in(tmp_path) == {"numbers.gz"}


@pytest.mark.parametrize(
    "bad",
    [
        status(404),
        status(403),
        status(500),
        web_page,
        hanging_up,
        lying(BODY[:-1] + b"?"),
        lying(BODY[:1000]),
        lying(gzip.compress(CONTENT[:-1] + b"?")),
        lying(gzip.compress(CONTENT + b"more")),
        lying(b""),
        lying(BODY + bytes(100_000)),
        lying(BODY + bytes(100_000), -1),
        lying(BODY, 10**12),
    ],
    ids=[
        "404", "403", "500", "page", "hanging-up", "damaged", "short", "other", "longer",
        "empty", "padded", "padded-no-length", "huge-length",
    ],
)  # fmt: skip
def test_the_next_mirror_is_tried(tmp_path: Path, bad: Behaviour) -> None:
    with serving(bad) as first, serving(honest) as second:
        path = get(tmp_path, first, second, attempts=2)
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert names_in(tmp_path) == {"numbers.gz"}


def test_a_trickle_counts_as_a_cut(tmp_path: Path) -> None:
    start = time.monotonic()
    with serving(trickling, honest) as server:
        path = get(tmp_path, server)
        assert len(server.ranges) == 2 and server.ranges[1] is not None
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert time.monotonic() - start < 8, "it was left after 0.4 seconds, not read to its end, which takes 10"


def test_an_earlier_process_left_a_part(tmp_path: Path) -> None:
    (tmp_path / "numbers.gz.part").write_bytes(BODY[:1234])
    with serving(honest) as server:
        get(tmp_path, server)
        assert server.ranges == ["bytes=1234-"]


def test_a_part_that_is_already_whole_is_taken(tmp_path: Path) -> None:
    (tmp_path / "numbers.gz.part").write_bytes(BODY)
    with serving(honest) as server:
        get(tmp_path, server)
        assert server.ranges == [f"bytes={len(BODY)}-"]
    assert names_in(tmp_path) == {"numbers.gz"}


@pytest.mark.parametrize("part", [b"\x1f\x8bsomething else", bytes(10), BODY + b"too much"])
def test_a_part_of_something_else_is_thrown_away(tmp_path: Path, part: bytes) -> None:
    (tmp_path / "numbers.gz.part").write_bytes(part)
    with serving(honest) as server:
        path = get(tmp_path, server)
        assert server.ranges == [f"bytes={len(part)}-", None]
    assert gzip.decompress(path.read_bytes()) == CONTENT


# --- what is told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (status(404), "HTTP 404 Not Found"),
        (status(500), r"HTTP 500 Internal Server Error \(2 attempts\)"),
        (web_page, r"something else than a gzip file \(text/html\)"),
        (silent, r"no answer for 0.4 seconds \(2 attempts\)"),
        (lying(BODY[:1000]), r"cut short \(1,000 bytes\)"),
        (lying(BODY[:99] + b"\0\0\0" + BODY[102:]), "gzip file is damaged|checksum is wrong"),
        (lying(gzip.compress(b"other")), "its checksum is wrong"),
        (lying(gzip.compress(CONTENT + b"more")), "its checksum is wrong"),
        (lying(BODY + bytes(100_000), -1), "sends more than numbers.gz can have"),
        (lying(BODY, 10**12), "offers 1,000,000,000,000 bytes"),
    ],
)
def test_a_mirror_that_fails_is_told(tmp_path: Path, bad: Behaviour, says: str) -> None:
    with serving(bad) as server, pytest.raises(DownloadError, match=says) as caught:
        get(tmp_path, server, attempts=2)
    assert str(caught.value).startswith(f"could not fetch numbers.gz: {server.url}numbers.gz: ")
    assert "GROUNDUP_DATA" in str(caught.value)
    assert names_in(tmp_path) == set()


def test_every_mirror_is_told_and_a_dead_one_too(tmp_path: Path) -> None:
    with serving(honest) as gone:
        pass
    with (
        serving(status(404)) as server,
        pytest.raises(DownloadError, match=r"404.*; .*refused \(2 attempts\)"),
    ):
        get(tmp_path, server, gone, attempts=2)


def test_a_server_that_always_cuts_leaves_its_part_for_the_next_time(tmp_path: Path) -> None:
    with (
        serving(lying(BODY[:1000], len(BODY))) as server,
        pytest.raises(DownloadError, match="was cut after"),
    ):
        get(tmp_path, server)
    assert names_in(tmp_path) == {"numbers.gz.part"}


def test_a_full_disk_is_told_and_given_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import groundup.data.download as download

    def full(self: object, count: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download.Progress, "update", full)
    with serving(honest) as server, pytest.raises(OSError, match="No space left") as caught:
        get(tmp_path, server)
    assert caught.value.filename == str(tmp_path / "numbers.gz.part")
    assert names_in(tmp_path) == set()


# --- two at once --------------------------------------------------------------------------------------------

FETCH = """
import sys
from pathlib import Path
from groundup.data.download import Packed, fetch
name, size, sha, url, folder = sys.argv[1:]
fetch(Packed(name, int(size), sha), [url], Path(folder))
"""


def test_two_processes_at_once_fetch_once(tmp_path: Path) -> None:
    def slow(handler: Handler, start: int) -> None:
        time.sleep(0.5)
        honest(handler, start)

    with serving(slow) as server:
        arguments = [WANTED.name, str(WANTED.size), WANTED.sha256, server.url, str(tmp_path)]
        both = [
            subprocess.Popen([sys.executable, "-c", FETCH, *arguments], stderr=subprocess.PIPE, text=True, cwd=ROOT)
            for _ in range(2)
        ]
        for process in both:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
        assert server.ranges == [None]
    assert names_in(tmp_path) == {"numbers.gz"}


def test_a_process_that_is_killed_leaves_a_part_and_no_lock(tmp_path: Path) -> None:
    with serving(stalling, honest) as server:
        arguments = [WANTED.name, str(WANTED.size), WANTED.sha256, server.url, str(tmp_path)]
        process = subprocess.Popen([sys.executable, "-c", FETCH, *arguments], stderr=subprocess.DEVNULL, cwd=ROOT)
        part = tmp_path / "numbers.gz.part"
        until = time.monotonic() + 30
        while not part.exists() or part.stat().st_size == 0:
            assert time.monotonic() < until
            time.sleep(0.005)
        process.kill()
        process.wait()
        come = part.stat().st_size
        path = get(tmp_path, server)
        assert server.ranges == [None, f"bytes={come}-"]
    assert gzip.decompress(path.read_bytes()) == CONTENT
    assert names_in(tmp_path) == {"numbers.gz"}


def test_threads_at_once_fetch_once(tmp_path: Path) -> None:
    with serving(honest) as server:
        threads = [threading.Thread(target=get, args=(tmp_path, server)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.ranges == [None]


def test_a_lock_ends_with_the_error_of_its_holder(tmp_path: Path) -> None:
    with pytest.raises(KeyError), only_one(tmp_path / "lock"):
        raise KeyError
    with only_one(tmp_path / "lock"):
        pass


def test_progress_without_tqdm_is_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with serving(honest) as server:
        get(tmp_path, server)
    assert capsys.readouterr().err == "fetching numbers.gz (0.3 MB)\n  0.3 MB of numbers.gz are here\n"
