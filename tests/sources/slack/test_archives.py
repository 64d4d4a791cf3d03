"""Archives that are broken, or were made to do harm: everything else comes in, and each loss is named."""

import io
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from exeunt.errors import InvalidInput
from exeunt.sources.slack import Limits
from tests.sources.slack.exports import DAY, GENERAL, USERS, encoded, folder_of, general, message, zip_of
from tests.sources.slack.recording import Recording, read

SECOND_DAY = "general/2020-01-02.json"
LATER = message("1577923200.000000", text="later")


def two_days(path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    return zip_of(path, general(message()) | {SECOND_DAY: [LATER]}, method)


def texts(intake: Recording) -> list[str]:
    return [row.text for row in intake.message_rows]


class Pipe(io.BytesIO):
    def tell(self) -> int:
        raise io.UnsupportedOperation


def streamed(path: Path, members: dict[str, bytes], method: int) -> Path:
    """A zip whose local headers hold no sizes: each member's follow its data, as a program that streams writes it."""

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    path.write_bytes(pipe.getvalue())
    return path


def test_names_that_lead_outside_are_refused(tmp_path: Path) -> None:
    outside = [
        "../evil.json",
        "general/../../2020-01-03.json",
        "/etc/2020-01-03.json",
        "C:\\x\\2020-01-03.json",
        "a\\..",
    ]
    path = zip_of(tmp_path / "e.zip", general(message()) | {name: [LATER] for name in outside})
    intake = read(path)
    assert texts(intake) == ["hello"]
    reasons = [one.reason for one in intake.report.skipped]
    assert reasons == ["its name points outside the archive"] * len(outside)


def test_names_with_backslashes_are_paths(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "e.zip", {"channels.json": [GENERAL], "general\\2020-01-01.json": [message()]})
    # The standard library replaces backslashes when it writes; other programs do not.
    path.write_bytes(path.read_bytes().replace(b"general/2020", b"general\\2020"))
    assert [row.room_id for row in read(path).message_rows] == ["C1"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_first_is_read(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in general(message(text="first")).items():
            archive.writestr(name, encoded(content))
        archive.writestr(DAY, encoded([message(text="second")]))
        archive.writestr("users.json", encoded([]))
    intake = read(path)
    assert texts(intake) == ["first"]
    assert len(intake.user_rows) == 3
    assert "holds this name twice" in intake.skipped(DAY)
    assert "holds this name twice" in intake.skipped("users.json")


def test_a_member_that_packs_too_well_is_left_out(tmp_path: Path) -> None:
    bomb = b"[" + b" " * 40_000_000 + b"]"
    limits = Limits(ratio_from_bytes=10_000_000)
    members = {"general/2019-01-01.json": bomb, "__uploads/F9/zero.bin": bytes(40_000_000)}
    intake = read(zip_of(tmp_path / "e.zip", members | general(message())), limits)
    assert texts(intake) == ["hello"]
    assert "inflates to more than 200 times its packed size" in intake.skipped("general/2019")
    # Two bombs are more than an archive of this size may become as a whole.
    assert "archive as a whole" in intake.skipped("__uploads")


def test_a_bomb_costs_itself_when_the_archive_is_large_enough(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1_000_000)
    members = {"__uploads/F9/zero.bin": bytes(40_000_000), "__uploads/F8/noise.bin": noise}
    path = zip_of(tmp_path / "e.zip", general(message()) | members)
    intake = read(path, Limits(ratio_from_bytes=10_000_000))
    assert texts(intake) == ["hello"]
    assert intake.file("F8").storage == "held"
    assert intake.file("F9").storage == "damaged"


def test_limits_of_size_and_number(tmp_path: Path) -> None:
    path = zip_of(
        tmp_path / "e.zip", general(message()) | {"__uploads/F9/a.bin": bytes(5_000), "x/2020-01-01.json": []}
    )
    small = read(path, Limits(max_member_bytes=4_000))
    assert (texts(small), small.file("F9").reason) == (["hello"], "it is larger than 4000 bytes")
    assert "more than 3 members" in read(path, Limits(max_entries=3)).skipped("e.zip")
    assert "holds more than 5000 bytes in all" in read(path, Limits(max_total_bytes=5_000)).skipped("__uploads")
    assert "larger than 50 bytes" in read(path, Limits(max_json_bytes=50)).skipped(DAY)
    folder = folder_of(tmp_path / "e", general(message()))
    assert "more than 2 files" in read(folder, Limits(max_entries=2)).skipped(DAY)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_without_its_end_is_walked(tmp_path: Path, method: int) -> None:
    path = two_days(tmp_path / "e.zip", method)
    whole = read(path)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"PK\x01\x02") + 10])
    cut = read(path)
    assert cut.message_rows == whole.message_rows
    assert "no directory" in cut.repaired("e.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_sizes_behind_the_data_are_found(tmp_path: Path, method: int) -> None:
    members = {name: encoded(content) for name, content in general(message()).items()}
    members |= {SECOND_DAY: encoded([LATER]), "__uploads/F1/inner.zip": b"PK\x03\x04PK\x07\x08" * 9}
    path = streamed(tmp_path / "e.zip", members, method)
    whole = read(path)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"PK\x01\x02")])
    cut = read(path)
    assert texts(cut) == texts(whole) == ["hello", "later"]
    assert cut.bodies == whole.bodies == [members["__uploads/F1/inner.zip"]]


def test_a_day_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    members = general() | {DAY: [message(f"15778368{second:02}.000000") for second in range(60)]}
    path = zip_of(tmp_path / "e.zip", members, zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"15778368" + b"40")])
    intake = read(path)
    assert len(intake.message_rows) == 40
    assert "cut off" in intake.skipped(DAY)


def test_every_cut_gives_what_is_before_it(tmp_path: Path) -> None:
    data = two_days(tmp_path / "whole.zip").read_bytes()
    path = tmp_path / "cut.zip"
    counts = []
    for length in range(len(data)):
        path.write_bytes(data[:length])
        try:
            counts.append(len(read(path).message_rows))
        except InvalidInput:
            counts.append(0)
    assert counts == sorted(counts)
    assert counts[-1] == 2


def test_no_flipped_byte_is_more_than_a_loss(tmp_path: Path) -> None:
    members = general(message()) | {SECOND_DAY: [LATER], "__uploads/F1/a.bin": b"body" * 9}
    data = zip_of(tmp_path / "whole.zip", members).read_bytes()
    path = tmp_path / "flipped.zip"
    chance = random.Random(7)
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= chance.randrange(1, 256)
        path.write_bytes(flipped)
        try:
            intake = read(path)
        except InvalidInput:
            continue
        lost = 2 - len(intake.message_rows)
        assert lost <= 0 or intake.report.skipped or intake.report.repaired, at


def test_a_directory_that_lies_about_its_length_is_not_followed(tmp_path: Path) -> None:
    path = two_days(tmp_path / "e.zip")
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, 2, 2)
    path.write_bytes(data)
    intake = read(path)
    assert texts(intake) == ["hello", "later"]
    assert "claims 2 members and lists 4" in intake.repaired("e.zip")


def test_a_member_whose_name_the_directory_changed_is_left_out(tmp_path: Path) -> None:
    path = two_days(tmp_path / "e.zip")
    data = path.read_bytes()
    at = data.rindex(SECOND_DAY.encode())
    path.write_bytes(data[:at] + b"general/2020-01-09.json" + data[at + len(SECOND_DAY) :])
    intake = read(path)
    assert texts(intake) == ["hello"]
    assert "disagree about its name" in intake.skipped("general/2020-01-09.json")


def test_a_member_larger_than_the_directory_says_is_named(tmp_path: Path) -> None:
    path = two_days(tmp_path / "e.zip")
    data = bytearray(path.read_bytes())
    at = data.rindex(SECOND_DAY.encode()) - 46
    struct.pack_into("<I", data, at + 24, 5)
    path.write_bytes(data)
    intake = read(path)
    assert texts(intake) == ["hello", "later"]
    assert "where the archive says 5" in intake.skipped(SECOND_DAY)


def test_bytes_before_the_zip_do_not_matter(tmp_path: Path) -> None:
    path = two_days(tmp_path / "e.zip")
    path.write_bytes(b"PK some program that unpacks itself" + path.read_bytes())
    assert texts(read(path)) == ["hello", "later"]


def test_encrypted_and_exotic_members_are_named(tmp_path: Path) -> None:
    path = two_days(tmp_path / "e.zip")
    data = bytearray(path.read_bytes())
    first = data.rindex(DAY.encode()) - 46
    second = data.rindex(SECOND_DAY.encode()) - 46
    struct.pack_into("<H", data, first + 8, 1)
    struct.pack_into("<H", data, second + 10, 12)
    path.write_bytes(data)
    intake = read(path)
    assert intake.skipped(DAY) == "it is encrypted"
    assert "packed with method 12" in intake.skipped(SECOND_DAY)


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "e.zip", general(message()))
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("general/attachments/F1-secret")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    intake = read(path)
    assert intake.file_rows == []
    assert intake.skipped("general/attachments") == "it is a symbolic link"


def test_names_in_utf8_without_the_flag_and_in_code_page_437(tmp_path: Path) -> None:
    room = GENERAL | {"name": "🔗 plän"}
    members = {"channels.json": [room], "XXXX plXXn/2020-01-01.json": [message()], "fXr/2020-01-01.json": [message()]}
    path = zip_of(tmp_path / "e.zip", members)
    data = path.read_bytes().replace(b"XXXX plXXn", "🔗 plän".encode()).replace(b"fXr", b"f\x81r")
    path.write_bytes(data)
    assert [row.room_id for row in read(path).message_rows] == ["C1", "folder:für"]


def test_what_no_export_holds_is_named_and_what_systems_add_is_not(tmp_path: Path) -> None:
    more = {
        "general/notes.txt": b"?", "integration_logs.json": [], "__avatars/U1/a.png": b"png",
        "__MACOSX/general/._2020-01-01.json": b"?", ".DS_Store": b"?", "old/users.json": USERS,
    }  # fmt: skip
    intake = read(zip_of(tmp_path / "e.zip", general(message()) | more))
    assert {one.where for one in intake.report.skipped} == {
        "general/notes.txt",
        "integration_logs.json",
        "__avatars/U1/a.png",
        "old/users.json",
    }


def test_a_zip64_directory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in general(message()).items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(encoded(content))
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(bytes(data[:end]) + record + locator + last)
    assert zipfile.ZipFile(path).testzip() is None
    intake = read(path)
    assert texts(intake) == ["hello"]
    assert intake.report.skipped == []


def test_links_in_a_folder_stay_inside(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    folder = folder_of(tmp_path / "export", general(message()))
    attachments = folder / "general" / "attachments"
    attachments.mkdir()
    (attachments / "F1-out.txt").symlink_to(secret)
    (attachments / "F2-in.txt").symlink_to(folder / "users.json")
    (folder / "loop").symlink_to(folder)
    (folder / "pipe").unlink(missing_ok=True)
    os.mkfifo(folder / "pipe")
    intake = read(folder)
    assert [row.id for row in intake.file_rows] == ["F2"]
    assert "leads out" in intake.skipped("general/attachments/F1-out.txt")
    assert intake.skipped("loop") == intake.skipped("pipe") == "it is neither a file nor a folder"


def test_overlapping_members_cannot_multiply_the_archive(tmp_path: Path) -> None:
    """Many directory records that point at one member: each is small, together they would be a bomb."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = bytes(1_000_000)
    data = packed.compress(body) + packed.flush()
    name, crc32 = b"__uploads/F1/a.bin", zlib.crc32(body)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 33, crc32, len(data), len(body), len(name), 0)
    sizes = (33, crc32, len(data), len(body), len(name), 0, 0, 0, 0, 0, 0)
    record = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, *sizes)
    start = local + name + data
    listing = (record + name) * 1000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1000, 1000, len(listing), len(start), 0)
    path = tmp_path / "e.zip"
    path.write_bytes(start + listing + end)
    with pytest.raises(InvalidInput):
        read(path)
