"""Messages as Rocket.Chat's REST answers show them (contract 1.14), one JSON object each."""

import polars as pl

from exeunt.layouts.html.markup import joined
from exeunt.layouts.rocketchat.assets import Assets
from exeunt.layouts.rocketchat.encoding import as_lists, iso, object_json, text_json
from exeunt.layouts.rocketchat.full import channel_lists, mention_lists, url_lists
from exeunt.layouts.rocketchat.messages import said
from exeunt.layouts.rocketchat.names import Names


def wire_messages(messages: pl.DataFrame, names: Names, assets: Assets | None, replies: pl.DataFrame) -> list[bytes]:
    """The objects, in the order of the rows; what a message does not have is left out."""
    known = said(messages, names, assets)
    frame = known.frame.join(replies, left_on="id", right_on="thread_id", how="left", maintain_order="left")
    files = _files(known.files, frame.height)
    frame = frame.with_columns(
        mentions_json=mention_lists(frame, names), channels_json=channel_lists(frame, messages["text"], names),
        urls_json=url_lists(frame), reactions_json=_reactions(frame, names), attachments_json=known.attachments,
        file_json=files["file"], files_json=files["files"], editor=pl.col("edited_by").replace(names.people),
    )  # fmt: skip
    edited = pl.col("edited_at").is_not_null()
    alias = pl.col("author_name")
    own_name = (alias == "") | (alias == pl.col("username")) | (alias == pl.col("real"))
    lines = frame.select(
        joined(
            '{"_id":', text_json(pl.col("id")), ',"rid":', text_json(pl.col("room_id")),
            ',"msg":', text_json(pl.col("text")), ',"ts":"', iso("created_at"), '","u":{"_id":',
            text_json(pl.col("author_id")), ',"username":', text_json(pl.col("username")), ',"name":',
            text_json(pl.col("real")), '},"_updatedAt":"', pl.coalesce(iso("edited_at"), iso("created_at")),
            '","mentions":', pl.col("mentions_json").fill_null("[]"), ',"channels":',
            pl.col("channels_json").fill_null("[]"), ',"urls":', pl.col("urls_json").fill_null("[]"),
            _set(pl.col("type").is_not_null(), '"t"', text_json(pl.col("type"))),
            _set(pl.col("thread_id") != pl.col("id"), '"tmid"', text_json(pl.col("thread_id"))),
            _set(pl.col("count").is_not_null(), '"tcount"', pl.col("count").cast(pl.String)),
            _set(pl.col("attachments_json").is_not_null(), '"attachments"', pl.col("attachments_json")),
            _set(pl.col("file_json").is_not_null(), '"file"', pl.col("file_json")),
            _set(pl.col("files_json").is_not_null(), '"files"', pl.col("files_json")),
            _set(pl.col("reactions_json").is_not_null(), '"reactions"', pl.col("reactions_json")),
            _set(edited, '"editedAt"', joined('"', iso("edited_at"), '"')),
            _set(pl.col("edited_by") != "", '"editedBy"',
                 object_json(_id=pl.col("edited_by"), username=pl.col("editor"))),
            _set(pl.col("is_pinned"), '"pinned"', pl.lit("true")),
            _set(~own_name, '"alias"', text_json(alias)),
            "}",
        )
    ).to_series()  # fmt: skip
    return [line.encode() for line in lines]


def _set(condition: pl.Expr, key: str, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(joined(f",{key}:", value))


def _files(files: pl.DataFrame, height: int) -> pl.DataFrame:
    """The first file of each message, and all of them, as JSON."""
    if files.is_empty():
        nothing = pl.repeat(None, height, dtype=pl.String, eager=True)
        return pl.DataFrame({"file": nothing, "files": nothing})
    json = files.select(
        "row", json=object_json(_id=pl.col("id"), name=pl.col("name"), type=pl.col("media_type"), size=pl.col("size"))
    )
    first = json.unique("row", keep="first", maintain_order=True)
    places = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    one = places.join(first, on="row", how="left", maintain_order="left")["json"]
    return pl.DataFrame({"file": one, "files": as_lists(json, json["json"], height)})


def _reactions(frame: pl.DataFrame, names: Names) -> pl.Series:
    """`{":+1:":{"usernames":["jane"]}}`, null without any."""
    each = frame.select("row", "reactions").filter(pl.col("reactions").list.len() > 0).explode("reactions")
    each = each.unnest("reactions")
    people = each.select(pl.col("users").list.eval(pl.element().replace(names.people))).to_series()
    text = each.with_columns(people.alias("users")).select(
        joined(text_json(joined(":", pl.col("name"), ":")), ":", object_json(usernames=pl.col("users")))
    )
    listed = as_lists(each, text.to_series(), frame.height).to_frame("x")
    inside = pl.col("x").str.strip_prefix("[").str.strip_suffix("]")
    return listed.select(pl.when(pl.col("x").is_not_null()).then(joined("{", inside, "}"))).to_series()
