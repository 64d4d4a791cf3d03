"""The list of people: who wrote and who was mentioned, by name."""

from html import escape

import polars as pl

from exeunt.layouts.html import shell
from exeunt.layouts.html.people import faces
from exeunt.layouts.html.shell import grouped
from exeunt.layouts.job import Job
from exeunt.layouts.options import HtmlOptions


def people_page(job: Job, wrote: dict[int, int], others: dict[str, int], mentioned: set[int]) -> bytes:
    """`people.html`: people by number with how many messages they wrote, and names that the workspace does not list."""
    assert isinstance(job.options, HtmlOptions)
    users = job.view.users().filter(pl.col("number").is_in([*wrote, *mentioned]))
    people = pl.concat([faces(users), faces_of_names(sorted(others))]) if others else faces(users)
    ordered = people.sort(pl.col("name").str.to_lowercase(), "number", "name", nulls_last=True)
    rows = []
    for number, name, face, username, title in ordered.iter_rows():
        count = wrote.get(number, 0) if number is not None else others[name]
        anchor = f' id="u{number}"' if number is not None else ""
        said = grouped(count) if count else "mentioned"
        rows.append(
            f"<tr{anchor}><th scope=row>{face}<td>{escape(username)}<td dir=auto>{escape(title)}<td>{said}\n"
        )
    skeleton = shell.Skeleton(
        "people.html", ("content",), root="", search=job.options.search, workspace=job.view.workspace.name,
        total=len(rows),
    )  # fmt: skip
    head, foot = skeleton.fill()
    return head + "".join(rows).encode() + foot
