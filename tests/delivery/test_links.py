"""Signed links: what opens them, and what does not."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest

from exeunt.access.keys import Keyring
from exeunt.delivery.links import Link, is_authentic, link_url

ISSUED = datetime(2026, 2, 2, tzinfo=UTC)
KEYS = Keyring([bytes(range(32))])
ETAG = "4857aa9040ce017c1d57f55441c17cdb"


def make(form: str = "dl", path: str = "/dl/abc/files.zip") -> Link:
    return Link(
        id="abc", archive_id="archive", form=form, path=path, key_id=KEYS.current,  # type: ignore[arg-type]
        starts_at=ISSUED - timedelta(minutes=5), ends_at=ISSUED + timedelta(days=7),
    )  # fmt: skip


def query_of(link: Link) -> str:
    return urlsplit(link_url("http://x", KEYS, link, 1, ETAG)).query


def test_a_link_has_the_published_form() -> None:
    url = link_url("https://host", KEYS, make("yammer", "/exports/some-id/files.zip"), 1, ETAG)
    assert url.startswith(
        "https://host/exports/some-id/files.zip"
        "?st=2026-02-01T23%3A55%3A00Z&se=2026-02-09T00%3A00%3A00Z&sp=r&sv=2018-03-28&sr=b&sig="
    )


def test_its_own_query_opens_it_also_with_unknown_parameters() -> None:
    assert is_authentic(KEYS, make(), 1, ETAG, query_of(make()))
    assert is_authentic(KEYS, make(), 1, ETAG, query_of(make()) + "&utm_source=mail&x")


def test_no_single_changed_character_of_a_parameter_opens_it() -> None:
    query = query_of(make())
    for at in range(len(query)):
        for other in ("A", "0", "%", "&"):
            changed = query[:at] + other + query[at + 1 :]
            if changed != query and _decoded(changed) != _decoded(query):
                assert not is_authentic(KEYS, make(), 1, ETAG, changed), changed


def _decoded(query: str) -> list[str]:
    return [unquote(pair) for pair in query.split("&")]


@pytest.mark.parametrize("name", ["st", "se", "sp", "sv", "sr", "sig"])
def test_a_parameter_that_is_missing_or_repeated_closes_it(name: str) -> None:
    pairs = query_of(make()).split("&")
    mine = next(pair for pair in pairs if pair.startswith(name + "="))
    assert not is_authentic(KEYS, make(), 1, ETAG, "&".join(p for p in pairs if p != mine))
    assert not is_authentic(KEYS, make(), 1, ETAG, "&".join([*pairs, mine]))


def test_a_signature_cannot_move_to_other_bytes() -> None:
    query = query_of(make())
    assert not is_authentic(KEYS, make(), 2, ETAG, query)
    assert not is_authentic(KEYS, make(), 1, "0" * 32, query)
    assert not is_authentic(KEYS, make(path="/dl/abc/Files.zip"), 1, ETAG, query)


def test_a_second_spelling_of_the_signature_is_not_valid() -> None:
    """Base64 ignores the last bits of its last character; the comparison is of text, so a changed one stays out."""
    query = query_of(make())
    sig = unquote(query.rpartition("=")[2])
    assert sig.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = sig[:-2] + alphabet[alphabet.index(sig[-2]) ^ 1] + "="
    assert not is_authentic(KEYS, make(), 1, ETAG, query.replace(query.rpartition("=")[2], twin))


def test_a_key_that_is_gone_opens_nothing_and_an_old_one_still_does() -> None:
    query = query_of(make())
    rotated = Keyring([bytes(32), bytes(range(32))])
    assert is_authentic(rotated, make(), 1, ETAG, query)
    assert not is_authentic(Keyring([bytes(32)]), make(), 1, ETAG, query)
