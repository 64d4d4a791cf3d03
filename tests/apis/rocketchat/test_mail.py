"""Mail of this API by real SMTP: chosen messages, the link of a finished export, and following it (contract 1.12)."""

import io
import re
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.apis.rocketchat.conftest import MESSAGE, Api, Make
from tests.conftest import wait_for, working
from tests.mail.conftest import Post, texts
from tests.processes import until

MAIL: dict[str, Any] = {"rid": "C1", "type": "email", "subject": "Test Subject"}


@pytest.fixture
def post() -> Iterator[Post]:
    with Post().open() as opened:
        yield opened


@pytest.mark.parametrize("profile", ["3.8", "8"])
def test_the_published_case_that_mails(make: Make, post: Post, profile: str) -> None:
    api = make(rocketchat_profile=profile, **post.settings)
    answer = api.export(**MAIL, toUsers=["jane"], messages=[MESSAGE])
    assert (answer.status_code, answer.text) == (200, '{"missing":[],"success":true}')
    (mail,) = post.mails
    assert (mail["To"], mail["Reply-To"], mail["Subject"]) == ("jane@example.org", "jane@example.org", "Test Subject")
    plain, rich = texts(mail)
    assert rich == (
        "<p style='margin-bottom: 5px'><b>jane</b> <span style='color: #aaa; font-size: 12px'>03/15/2024 12:00 AM"
        "</span><br/>&lt;b&gt;number&lt;/b&gt; 0<br/>of C1<br/>plan of spring.txt</p>\n"
    )
    assert plain == "jane 03/15/2024 12:00 AM\n<b>number</b> 0\nof C1\nplan of spring.txt\n"


def test_who_is_missing_who_is_twice_and_the_order_of_messages(make: Make, post: Post) -> None:
    api = make(**post.settings)
    answer = api.export(
        rid="C1", type="email", toUsers=["zed", "bob", "dave", "bob"], messages=["C1/3", "G1/1", "C1/1", 7, "x"],
        toEmails=[" bob@example.org ", "", "out@example.net"], additionalEmails="never@example.org",
    )  # fmt: skip
    assert answer.json() == {"missing": ["zed", "dave"], "success": True}
    assert post.recipients == [["bob@example.org", "out@example.net"]]
    assert post.mails[0]["Subject"] == "Here's a selected portion of general messages"
    assert re.findall(r"number</b> (\d+)", texts(post.mails[0])[0]) == ["1", "3"]
    nobody = api.export(**MAIL, toUsers=["zed"], messages=[MESSAGE])
    assert (nobody.text, len(post.mails)) == ('{"missing":["zed"],"success":true}', 1)
    listed = api.export(**MAIL, toUsers="jane, bob", toEmails="out@example.net,", messages=[MESSAGE])
    assert listed.json() == {"missing": [], "success": True}
    assert len(post.recipients[1]) == 3


def test_no_mail_is_sent_beyond_what_is_allowed(make: Make, post: Post) -> None:
    api = make(rocketchat_email_allowed_domains=("example.org",), **post.settings)
    assert api.export(**MAIL, toEmails=["a@example.org"], messages=[MESSAGE]).status_code == 200
    refused = [
        api.export(**MAIL, toEmails=["a@example.org", "a@example.net"], messages=[MESSAGE]),
        api.export(**MAIL, toEmails=[f"a{n}@example.org" for n in range(51)], messages=[MESSAGE]),
    ]
    assert {answer.json()["errorType"] for answer in refused} == {"error-invalid-recipient"}
    for address in ("a@example.org\nBcc: b@example.org", "no address"):
        answer = api.export(**MAIL, toEmails=[address], messages=[MESSAGE])
        assert answer.text == '{"success":false,"error":"error-invalid-email"}'
    nothing = api.export(**MAIL, toEmails=["a@example.org"], messages=["G1/1"])
    assert nothing.json()["errorType"] == "error-invalid-messages"
    post.refusals = ["554 no thanks"]
    answer = api.export(**MAIL, toEmails=["a@example.org"], messages=[MESSAGE])
    assert answer.json()["error"] == "Error trying to send email: 554 no thanks [error-email-send-failed]"
    assert len(post.mails) == 1


def test_a_subject_cannot_add_a_header(make: Make, post: Post) -> None:
    api = make(**post.settings)
    body = MAIL | {"subject": "Hi\r\nBcc: eve@example.org\x00!"}
    assert api.export(**body, toUsers=["bob"], messages=[MESSAGE]).status_code == 200
    assert post.mails[0]["Subject"] == "Hi Bcc: eve@example.org !"
    assert post.recipients == [["bob@example.org"]]


def finish(api: Api, post: Post, count: int) -> list[EmailMessage]:
    with working(api.installation):
        until(lambda: len(post.mails) == count)
    return post.mails


def test_the_link_of_a_finished_export_is_mailed_and_leads_to_it(make: Make, post: Post) -> None:
    api = make(public_url="https://exports.example.org", **post.settings)
    made = api.export(rid="C1", type="file", format="html").headers["x-export-id"]
    (mail,) = finish(api, post, 1)
    link = f"https://exports.example.org/rocketchat/data-export/{made}"
    assert (mail["Subject"], mail["To"], mail["From"]) == (
        "Channel Export", "Jane Roe <jane@example.org>", "Exports <exports@example.org>",
    )  # fmt: skip
    plain, rich = texts(mail)
    assert link in plain
    assert rich == f'Your data file is now ready to download. Click <a href="{link}">here</a> to download it.\n'
    data = api.client.get(link.removeprefix("https://exports.example.org"), headers=api.headers).content
    assert "C1.html" in zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_a_signed_link_needs_no_login(make: Make, post: Post) -> None:
    api = make(rocketchat_mail_link="signed", **post.settings)
    api.export(rid="C1", type="file", format="json")
    (mail,) = finish(api, post, 1)
    plain, rich = texts(mail)
    found = re.search(r"http://localhost(/dl/\S+)", plain)
    assert found
    assert api.client.get(found[1]).status_code == 200
    assert found[0].replace("&", "&amp;") in rich


def test_the_documents_own_mail_form_and_the_own_data(make: Make, post: Post) -> None:
    api = make(rocketchat_url="https://chat.example.org/", **post.settings)
    assert api.export(rid="C1", type="email").json()["errorType"] == "error-invalid-format"
    assert api.export(rid="C1", type="email", format="json").text == '{"success":true}'
    operation = api.get("users.requestDataDownload").json()["exportOperation"]["_id"]
    mails = {mail["Subject"]: texts(mail)[0] for mail in finish(api, post, 2)}
    assert set(mails) == {"Channel Export", "Your Data File is Ready to Download"}
    assert f"https://chat.example.org/data-export/{operation}" in mails["Your Data File is Ready to Download"]


def test_without_mail_an_export_is_done_all_the_same(make: Make) -> None:
    api = make()
    made = api.export(rid="C1", type="file", format="json").headers["x-export-id"]
    with working(api.installation):
        assert wait_for(api.installation, made).error is None
    assert api.installation.outbox.deliveries() == []
    assert api.client.get(f"/data-export/{made}", headers=api.headers).status_code == 200
