"""How people and rooms are called in Rocket.Chat's form: user names, and `User_<n>` where others stay hidden."""

import polars as pl

from exeunt.lake.view import View
from exeunt.layouts.html.markup import joined
from exeunt.layouts.readable import room_names
from exeunt.layouts.rocketchat.encoding import text_json


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
        # most messages need no more of a person than these two texts, made once
        username, real = text_json(pl.col("known")), text_json(pl.col("real"))
        person = joined('{"id":', text_json(pl.col("author_id")), ',"username":', username, ',"name":', real, "}")
        self.authors = self.authors.with_columns(username_json=username, user_json=person)
        self.people: dict[str, str] = dict(self.authors.select("author_id", "known").iter_rows())
        self.rooms = room_names(view)


def author() -> pl.Expr:
    """The user name of a row that was joined with `Names.authors`."""
    return pl.coalesce("known", pl.when(pl.col("author_name") != "").then("author_name"), "author_id")
