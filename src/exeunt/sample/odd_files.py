"""Files without bodies: external, deleted, hidden, canvases, comments, and what Slack only links."""

from functools import partial

from .bodies import KINDS, Body, FileKind
from .facts import Message
from .ids import slack_id
from .odd_texts import Odd
from .people import Person
from .rhythm import SECOND, ts
from .scene import Scene, plain, spoken, system, with_files
from .shelf import heading

_EXTERNAL = {
    "gdrive": ("https://docs.google.com/document/d/1invented/edit", "gdoc", "Google Docs",
               "application/vnd.google-apps.document"),
    "onedrive": ("https://heronmark.example.org/:x:/s/levels.xlsx", "xlsx", "Excel Spreadsheet",
                 "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "dropbox": ("https://www.dropbox.com/s/invented/plan.pdf?dl=0", "pdf", "PDF", "application/pdf"),
    "url": ("https://www.example.org/charts/index.html?a=1&b=2", "html", "HTML", "text/html"),
}  # fmt: skip

_STUB_MODES = ("tombstone", "hidden_by_limit")


def odd_files() -> list[Odd]:
    """The list for the home workspace; old forms come early, new ones late."""
    return [
        *(("data-platform", 0.3 + index / 10, partial(_external, kind)) for index, kind in enumerate(_EXTERNAL)),
        *(("field-tests", 0.3 + index / 20, partial(_stub, "tombstone")) for index in range(5)),
        *(("field-tests", 0.61 + index / 30, partial(_stub, "hidden_by_limit")) for index in range(3)),
        ("partners-saltmarsh", 0.4, _denied),
        *(("hardware", 0.35 + index / 8, _linked) for index in range(4)),
        ("design", 0.65, _canvas),
        ("project-nightjar", 0.6, _canvas),
        ("data-platform", 0.75, _list),
        ("general", 0.80, _canvas_changed),
        ("field-tests", 0.12, _old_post),
        ("field-tests", 0.14, _old_comment),
        ("field-tests", 0.16, _old_mention),
        ("design", 0.58, _snippet_without_body),
        ("support", 0.65, _forwarded_mail),
        ("support", 0.70, _voice),
        ("books-and-films", 0.85, _shared_again),
        ("leadership", 0.85, _mixed),
    ]


def _author(scene: Scene) -> Person:
    return scene.members[scene.rng.randrange(len(scene.members))]


def _file_id(scene: Scene, what: str) -> str:
    return slack_id(scene.world.seed, "F", f"{what}/{scene.room.key}/{scene.instant}")


def external_file(scene: Scene, author: Person, kind: str) -> Message:
    """A file that lives elsewhere: Slack knows an address and a name."""
    url, filetype, pretty, mimetype = _EXTERNAL[kind]
    file_id, user_id = _file_id(scene, kind), scene.world.user_id(author)
    named = heading(
        file_id, "Tide & time", "Tide & time", FileKind(mimetype, filetype, pretty), user_id, scene.instant // SECOND
    )
    return named | {
        "editable": False,
        "size": 0,
        "mode": "external",
        "is_external": True,
        "external_type": kind if kind != "url" else "unknown",
        "external_id": "1invented",
        "external_url": url,
        "is_public": scene.room.kind == "public",
        "public_url_shared": False,
        "url_private": url,
        "permalink": f"https://{scene.world.host}/files/{user_id}/{file_id}/tide___time",
    }


def _external(kind: str, scene: Scene) -> Message:
    author = _author(scene)
    return with_files(plain(scene, author, "The living version is here."), [external_file(scene, author, kind)])


def stub(scene: Scene, mode: str) -> Message:
    """All that remains of a deleted or hidden file."""
    return {"id": _file_id(scene, mode), "mode": mode}


def _stub(mode: str, scene: Scene) -> Message:
    return with_files(plain(scene, _author(scene), "Photo of the broken shackle"), [stub(scene, mode)])


def _denied(scene: Scene) -> Message:
    file = {"id": _file_id(scene, "denied"), "created": 0, "timestamp": 0, "user": "", "mode": "file_access"}
    return with_files(plain(scene, _author(scene), "See the drawing"), [file | {"file_access": "access_denied"}])


def _linked(scene: Scene) -> Message:
    author = _author(scene)
    name, size = scene.rng.choice((("seal drawing.pdf", 81_920), ("video of the leak.mp4", 48_000_000)))
    file = scene.shelf.linked(scene.room, author, scene.instant, name, size)
    return with_files(plain(scene, author, "Uploaded"), [file])


def _canvas(scene: Scene) -> Message:
    author = _author(scene)
    file_id, user_id = _file_id(scene, "canvas"), scene.world.user_id(author)
    kind = FileKind("application/vnd.slack-docs", "quip", "Canvas")
    file = heading(file_id, "Plan_of_the_year", "Plan of the year", kind, user_id, scene.instant // SECOND)
    file |= {"mode": "quip", "editable": True, "size": 2776, "is_external": False, "external_type": ""}
    file |= {"url_private": f"https://{scene.world.host}/docs/{scene.world.team_id}/{file_id}"}
    file |= {"permalink": file["url_private"], "title_blocks": [], "quip_thread_id": "XyZ9AAabc12", "access": "owner"}
    return with_files(plain(scene, author, "I started a canvas, please add yours."), [file])


def _list(scene: Scene) -> Message:
    author = _author(scene)
    file_id, user_id = _file_id(scene, "list"), scene.world.user_id(author)
    kind = FileKind("application/vnd.slack-list", "list", "List")
    file = heading(file_id, "Open_points", "Open points", kind, user_id, scene.instant // SECOND)
    file |= {"mode": "list", "editable": True, "size": 0, "is_external": False, "external_type": ""}
    file |= {"permalink": f"https://{scene.world.host}/lists/{scene.world.team_id}/{file_id}"}
    return with_files(plain(scene, author, "Open points"), [file])


def _canvas_changed(scene: Scene) -> Message:
    author = _author(scene)
    text = f"<@{scene.world.user_id(author)}> updated the channel canvas."
    return system(scene, author, "channel_canvas_updated", text, canvas={"file_id": _file_id(scene, "tab")})


def _post(scene: Scene, author: Person) -> Message:
    kind = FileKind("text/plain", "space", "Post")
    file_id = slack_id(scene.world.seed, "F", f"post/{scene.room.key}")
    user_id = scene.world.user_id(author)
    url = f"https://{scene.world.host}/files/{author.login}/{file_id}/winter_notes"
    file = heading(file_id, "Winter_notes", "Winter notes", kind, user_id, scene.instant // SECOND)
    file |= {"editable": True, "size": 1204, "mode": "space", "is_external": False, "external_type": ""}
    file |= {"url_private": url, "permalink": url, "preview": "<document><p>Ice &amp; wind</p></document>"}
    return file | {"channels": [scene.world.room_id(scene.room)], "groups": [], "ims": [], "comments_count": 1}


def _old_post(scene: Scene) -> Message:
    author = scene.members[0]
    file, who = _post(scene, author), f"<@{scene.world.user_id(author)}|{author.login}>"
    text = f"{who} shared a post: <{file['permalink']}|{file['title']}>"
    return system(scene, author, "file_share", text, file=file, upload=False, display_as_bot=False, bot_id=None)


def _old_comment(scene: Scene) -> Message:
    author, commenter = scene.members[0], scene.members[-1]
    file = _post(scene, author)
    who = f"<@{scene.world.user_id(commenter)}|{commenter.login}>"
    seconds = scene.instant // SECOND
    comment = {"id": slack_id(scene.world.seed, "Fc", "comment"), "created": seconds, "timestamp": seconds}
    comment |= {"user": scene.world.user_id(commenter), "comment": "Good read &amp; thank you", "is_intro": False}
    text = f"{who} commented on <@{file['user']}>’s file <{file['permalink']}|Winter notes>: {comment['comment']}"
    message = {"type": "message", "subtype": "file_comment", "text": text, "ts": ts(scene.instant)}
    return message | {"file": file, "comment": comment, "is_intro": False}


def _old_mention(scene: Scene) -> Message:
    author = scene.members[-1]
    file = _post(scene, scene.members[0])
    who = f"<@{scene.world.user_id(author)}|{author.login}>"
    return system(
        scene, author, "file_mention", f"{who} mentioned a file: <{file['permalink']}|Winter notes>", file=file
    )


def _snippet_without_body(scene: Scene) -> Message:
    author = _author(scene)
    source = "SELECT *\n  FROM labels\n WHERE width < 40 && 'x' <> '';\n-- one\n-- two\n-- three"
    body = Body("labels.sql", "labels.sql", FileKind("text/plain", "sql", "SQL"), len(source), (), None, source)
    file_id = _file_id(scene, "snippet")
    file = scene.shelf.describe(file_id, body, scene.room, author, scene.instant, scene.old)
    return with_files(plain(scene, author, ""), [file])


def _forwarded_mail(scene: Scene) -> Message:
    author = _author(scene)
    body = Body("Re: the gauge", "Re: the gauge", KINDS["eml"], 2410, ())
    file = scene.shelf.describe(_file_id(scene, "mail"), body, scene.room, author, scene.instant, scene.old)
    people = [{"address": "gauges@example.org", "name": "Gauges", "original": "Gauges <gauges@example.org>"}]
    sender = {"address": "harbour@example.org", "name": "Harbour", "original": "Harbour <harbour@example.org>"}
    file |= {"mode": "email", "subject": "Re: the gauge", "from": [sender], "to": people, "cc": []}
    file |= {"plain_text": "It shows stars again.\n\nRegards", "preview": "<p>It shows stars again.</p>"}
    return with_files(plain(scene, author, ""), [file])


def _voice(scene: Scene) -> Message:
    author = _author(scene)
    file = scene.shelf.linked(scene.room, author, scene.instant, "audio_message.m4a", 120_400)
    words = {"status": "complete", "locale": "en-US", "preview": {"content": "Hi, the pump is running again"}}
    file |= {"mimetype": "audio/mp4", "filetype": "m4a", "subtype": "slack_audio", "duration_ms": 7300}
    return with_files(plain(scene, author, ""), [file | {"transcription": words}])


def _shared_again(scene: Scene) -> Message:
    author = _author(scene)
    file = scene.shelf.last_public
    return with_files(plain(scene, author, "Stealing this from the other room"), [file] if file else [])


def _mixed(scene: Scene) -> Message:
    author = _author(scene)
    files = [external_file(scene, author, "gdrive"), *(stub(scene, mode) for mode in _STUB_MODES)]
    message = spoken(
        scene, author, scene.speaker.sentence("Three papers for {weekday}, two are gone.", author, scene.instant)
    )
    return with_files(message, files)
