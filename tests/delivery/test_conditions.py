"""Conditions and headers of downloads."""

from datetime import UTC, datetime

import pytest

from exeunt.delivery.conditions import evaluate, http_date, range_applies
from exeunt.delivery.headers import disposition

ETAG = '"4857aa9040ce017c1d57f55441c17cdb"'
SEALED = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LATER, EARLIER = "Sun, 01 Mar 2026 12:00:01 GMT", "Sun, 01 Mar 2026 11:59:59 GMT"
SAME = "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if-match": ETAG}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"old"'}, 412),
        ({"if-match": "W/" + ETAG}, 412),
        ({"if-match": f'"old", {ETAG}'}, 200),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-unmodified-since": SAME}, 200),
        ({"if-unmodified-since": "yesterday"}, 200),
        ({"if-match": ETAG, "if-unmodified-since": EARLIER}, 200),
        ({"if-none-match": ETAG}, 304),
        ({"if-none-match": "W/" + ETAG}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"old"'}, 200),
        ({"if-modified-since": SAME}, 304),
        ({"if-modified-since": EARLIER}, 200),
        ({"if-none-match": '"old"', "if-modified-since": LATER}, 200),
        ({"if-match": '"old"', "if-none-match": ETAG}, 412),
    ],
)
def test_conditions_are_evaluated_in_the_contracts_order(headers: dict[str, str], status: int) -> None:
    assert evaluate(headers, ETAG, SEALED) == status


@pytest.mark.parametrize(
    ("value", "applies"),
    [(None, True), (ETAG, True), ("W/" + ETAG, False), ('"old"', False), (SAME, True), (EARLIER, False),
     (LATER, False), ("nonsense", False)],
)  # fmt: skip
def test_a_range_counts_only_beside_a_strong_tag_or_our_very_date(value: str | None, applies: bool) -> None:
    assert range_applies(value, ETAG, SEALED) is applies


def test_http_dates_are_gmt() -> None:
    assert http_date(SEALED) == SAME


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("files.zip", "attachment; filename=files.zip"),
        ("two words.zip", 'attachment; filename="two words.zip"'),
        ("é.zip", "attachment; filename=_.zip; filename*=UTF-8''%C3%A9.zip"),
        ('a"b\\c%.zip', 'attachment; filename="a_b_c_.zip"'.replace('"', "")),
        ("x\r\nSet-Cookie: a=b", 'attachment; filename="x__Set-Cookie: a=b"'),
    ],
)
def test_a_file_name_cannot_break_out_of_its_header(name: str, value: str) -> None:
    assert disposition(name) == value


def test_a_name_is_quoted_where_an_api_wants_it() -> None:
    assert disposition("files.zip", quoted=True) == 'attachment; filename="files.zip"'
