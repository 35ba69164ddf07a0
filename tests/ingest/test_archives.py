"""Archives give their members and one clear line for each that is refused; nothing touches the file system."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kwhy.ingest.archives import Budget, Opened, opened
from kwhy.ingest.limits import Limits
from kwhy.ingest.raw import RawFile, Unreadable

LOG = b"E1121 21:28:24.120329 4552 kubelet.go:2452] Skipping pod synchronization\n" * 40


def tar_of(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def opened_all(data: bytes, limits: Limits | None = None) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was read and what was refused, by name."""
    items: list[Opened] = list(opened(RawFile("bundle", data), Budget(limits or Limits())))
    files = {item.source: bytes(item.data) for item in items if isinstance(item, RawFile)}
    return files, {item.source: item.why for item in items if isinstance(item, Unreadable)}


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_tar_is_read_whatever_it_is_compressed_with(packing: str) -> None:
    files, refused = opened_all(PACKINGS[packing](tar_of(("node/kubelet.log", LOG), ("empty.log", b""))))
    assert files == {"bundle/node/kubelet.log": LOG, "bundle/empty.log": b""}
    assert refused == {}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_chinese_member_names_are_read_in_every_tar_dialect(form: int) -> None:
    name = "very/" * 25 + "long.log" if form == tarfile.USTAR_FORMAT else "very/" * 60 + "节点日志.log"
    files, _ = opened_all(tar_of((name, LOG), form=form))
    assert files == {f"bundle/{name}": LOG}


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "plain"])
def test_a_single_compressed_file_keeps_its_name(packing: str) -> None:
    assert opened_all(PACKINGS[packing](LOG)) == ({"bundle": LOG}, {})


def test_concatenated_gzip_members_are_one_file() -> None:
    assert opened_all(gzip.compress(LOG) + gzip.compress(b"more\n")) == ({"bundle": LOG + b"more\n"}, {})


def test_a_zip_is_read() -> None:
    assert opened_all(zip_of(("a/b.log", LOG), ("a/", b""))) == ({"bundle/a/b.log": LOG}, {})


def test_what_is_no_archive_is_itself() -> None:
    assert opened_all(LOG) == ({"bundle": LOG}, {})


def test_one_nested_archive_is_opened_and_a_deeper_one_is_told() -> None:
    inner = tar_of(("kubelet.log", LOG))
    files, refused = opened_all(tar_of(("a.tar", inner), ("b.zip", zip_of(("c.tar", inner)))))
    assert files == {"bundle/a.tar/kubelet.log": LOG}
    assert refused == {"bundle/b.zip/c.tar": "an archive inside 2 archives; at most 1 are opened"}


def test_a_member_path_that_leads_out_is_refused() -> None:
    for archive in (tar_of(("../../etc/passwd", LOG), ("ok", LOG)), zip_of(("../../etc/passwd", LOG), ("ok", LOG))):
        files, refused = opened_all(archive)
        assert set(files) == {"bundle/ok"}
        assert refused == {"bundle/../../etc/passwd": "a path that leads out of the archive; the member was not read"}


def test_an_absolute_member_path_is_read_as_a_relative_one_and_told() -> None:
    files, refused = opened_all(tar_of(("/var/log/kubelet.log", LOG)))
    assert files == {"bundle/var/log/kubelet.log": LOG}
    assert list(refused) == ["bundle/var/log/kubelet.log"]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a named pipe"),
    ],
)
def test_links_and_devices_are_not_followed(kind: bytes, word: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("shadow")
        info.type, info.linkname = kind, "/etc/shadow"
        archive.addfile(info)
    assert opened_all(buffer.getvalue()) == ({}, {"bundle/shadow": f"{word}; only files are read"})


def test_a_link_in_a_zip_is_not_followed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("shadow")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/shadow")
    assert opened_all(buffer.getvalue()) == ({}, {"bundle/shadow": "a link or device; only files are read"})


def test_of_two_members_of_one_name_the_first_is_read() -> None:
    files, refused = opened_all(tar_of(("a.log", LOG), ("a.log", b"other\n")))
    assert files == {"bundle/a.log": LOG}
    assert refused == {"bundle/a.log": "a second member of this name; only the first was read"}


def test_a_bomb_by_ratio_is_stopped_early() -> None:
    bomb = lzma.compress(bytes(64 << 20))
    files, refused = opened_all(bomb, Limits(ratio=100, ratio_floor=1 << 20))
    assert files == {}
    assert refused == {"bundle": "it unpacks to more than 100 times its size"}


def test_a_bomb_inside_a_tar_does_not_lose_the_members_before_it() -> None:
    archive = gzip.compress(tar_of(("good.log", LOG), ("bomb", bytes(64 << 20))))
    files, refused = opened_all(archive, Limits(ratio=100, ratio_floor=1 << 20))
    assert files == {"bundle/good.log": LOG}
    assert "more than 100 times its size" in refused["bundle"]


def test_a_zip_bomb_is_stopped_by_what_it_unpacks_to_not_by_what_it_says() -> None:
    files, refused = opened_all(zip_of(("bomb", bytes(8 << 20))), Limits(ratio=100, ratio_floor=1 << 20))
    assert files == {}
    assert list(refused.values()) == ["it unpacks to more than 100 times its size"]


def test_a_bomb_by_count_is_stopped() -> None:
    archive = tar_of(*((f"{number}", b"") for number in range(50)))
    files, refused = opened_all(archive, Limits(members=20))
    assert len(files) == 20
    assert refused == {"bundle": "more than 20 members; the rest was not read"}


def test_a_bomb_by_total_size_is_stopped() -> None:
    archive = tar_of(*((f"{number}", bytes(1 << 20)) for number in range(10)))
    files, refused = opened_all(archive, Limits(total_bytes=3 << 20))
    assert 1 <= len(files) <= 3
    assert refused == {"bundle": f"the sources unpack to more than {3 << 20} bytes"}


def test_an_extended_header_of_gigabytes_is_not_read() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 4 << 30
    archive = tar_of(("a.log", LOG))[: 512 + 3072] + info.tobuf()
    files, refused = opened_all(archive)
    assert files == {"bundle/a.log": LOG}
    assert "extended header" in refused["bundle"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_stands_before_the_cut_of_a_truncated_archive_is_read(packing: str) -> None:
    noise = random.Random(1).randbytes(3_000_000)  # every packing has put out the first member before the cut
    whole = PACKINGS[packing](tar_of(("a.log", LOG), ("b.bin", noise)))
    files, refused = opened_all(whole[: len(whole) * 2 // 3])
    assert files["bundle/a.log"] == LOG
    assert refused, "the cut is told"


def test_a_truncated_compressed_log_is_read_up_to_the_cut() -> None:
    text = b"".join(b"line %d of a log that does not repeat itself %d\n" % (n, n * 7919 % 10007) for n in range(60_000))
    whole = gzip.compress(text)
    files, refused = opened_all(whole[: len(whole) // 2])
    assert len(files["bundle"]) > 100_000
    assert text.startswith(files["bundle"])
    assert "ends in the middle" in refused["bundle"]


def test_a_truncated_zip_is_told() -> None:
    _, refused = opened_all(zip_of(("a.log", LOG))[:-30])
    assert refused["bundle"].startswith("a zip archive was expected")


def test_an_encrypted_zip_member_is_told() -> None:
    data = bytearray(zip_of(("a.log", LOG)))
    data[6] |= 1  # general purpose flag, bit 0, of the local header
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert opened_all(bytes(data)) == ({}, {"bundle/a.log": "an encrypted member; it cannot be read"})


ARCHIVES = [pack(tar_of(("a.log", LOG), ("b/c.log", b"x"))) for pack in PACKINGS.values()] + [zip_of(("a.log", LOG))]


@settings(max_examples=100, deadline=None)
@given(
    archive=st.sampled_from(ARCHIVES),
    place=st.floats(0, 1),
    junk=st.binary(max_size=40),
    cut=st.booleans(),
)
def test_damaged_archives_never_raise(archive: bytes, place: float, junk: bytes, cut: bool) -> None:
    at = int(place * len(archive))
    damaged = archive[:at] + junk + (b"" if cut else archive[at + len(junk) :])
    files, refused = opened_all(damaged, Limits(total_bytes=1 << 26))
    assert files or refused or not damaged


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_arbitrary_bytes_are_a_file(data: bytes) -> None:
    files, refused = opened_all(data)
    assert files or refused


def test_nothing_is_written_where_the_archive_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened_all(tar_of(("../out.log", LOG), ("in.log", LOG), ("/abs.log", LOG)))
    assert list(tmp_path.iterdir()) == []
