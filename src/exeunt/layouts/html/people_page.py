"""The list of people: who wrote and who was mentioned, by name."""

from html import escape

import polars as pl

from exeunt.layouts.html import shell
from exeunt.layouts.html.people import face, named
from exeunt.layouts.html.shell import grouped
from exeunt.layouts.job import Job
from exeunt.layouts.options import HtmlOptions


def people_page(job: Job, wrote: dict[int, int], others: dict[str, int], mentioned: set[int]) -> bytes:
    """`people.html`: people by number with how many messages they wrote, and names that the workspace does not list."""
    assert isinstance(job.options, HtmlOptions)
    users = job.view.users().filter(pl.col("number").is_in([*wrote, *mentioned]))
    listed = named(users).with_columns(users["username"], users["title"])
    unlisted = pl.DataFrame({"name": sorted(others)}, {"name": pl.String}).with_columns(is_bot=pl.lit(True))
    people = pl.concat([listed, unlisted], how="diagonal").sort(pl.col("name").str.to_lowercase(), "number", "name")
    ordered = people.select("number", "name", face(), pl.col("username", "title").fill_null(""))
    rows = []
    for number, name, shown, username, title in ordered.iter_rows():
        count = wrote.get(number, 0) if number is not None else others[name]
        anchor = f' id="u{number}"' if number is not None else ""
        said = grouped(count) if count else "mentioned"
        rows.append(f"<tr{anchor}><th scope=row>{shown}<td>{escape(username)}<td dir=auto>{escape(title)}<td>{said}\n")
    skeleton = shell.Skeleton(
        "people.html", ("content",), root="", search=job.options.search, workspace=job.view.workspace.name,
        total=len(rows),
    )  # fmt: skip
    head, foot = skeleton.fill()
    return head + "".join(rows).encode() + foot
