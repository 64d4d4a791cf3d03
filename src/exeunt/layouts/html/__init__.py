"""A transcript that a person likes to read: pages by room and month, from a folder, without a server."""

from exeunt.layouts.html.assemble import assemble
from exeunt.layouts.html.pages import plan
from exeunt.layouts.html.render import render
from exeunt.layouts.job import Layout

LAYOUT = Layout("html", plan, render, assemble)
