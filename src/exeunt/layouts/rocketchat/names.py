"""How people and rooms are called in Rocket.Chat's form: user names, and `User_<n>` where others stay hidden."""

import polars as pl

from exeunt.lake.view import View
from exeunt.layouts.readable import room_names


class Names:
    """`authors` has `author_id`, `known` (user name) and `real` (full name); `people` and `rooms` are by id."""

    def __init__(self, view: View, hidden: dict[str, str] | None = None) -> None:
        users = view.users()
        known = pl.coalesce(
            *(pl.when(pl.col(name) != "").then(pl.col(name)) for name in ("username", "display_name", "id"))
        )
        real = pl.coalesce(
            *(
                pl.when(pl.col(name) != "").then(pl.col(name))
                for name in ("real_name", "display_name", "username", "id")
            )
        )
        self.authors = users.select(author_id="id", known=known, real=real)
        if hidden is not None:
            # whoever wrote and is listed nowhere is hidden too
            ids = pl.DataFrame({"author_id": list(hidden), "known": list(hidden.values())},
                               schema={"author_id": pl.String, "known": pl.String})  # fmt: skip
            self.authors = ids.with_columns(real="known")
        self.people: dict[str, str] = dict(self.authors.select("author_id", "known").iter_rows())
        self.rooms = room_names(view)


def author() -> pl.Expr:
    """The user name of a row that was joined with `Names.authors`."""
    return pl.coalesce("known", pl.when(pl.col("author_name") != "").then("author_name"), "author_id")
