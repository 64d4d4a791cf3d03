"""Yammer's Files Export: `files.zip` with nested archives of the files, and `Files.csv` beside it."""

from exeunt.layouts.job import Layout
from exeunt.layouts.yammer_files.assembly import assemble, plan, render

LAYOUT = Layout("yammer-files", plan, render, assemble)
