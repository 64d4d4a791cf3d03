"""Saltmarsh Partners, the network of installers and harbours that some of the home people belong to as well."""

from .home_cast import home_people
from .people import Bot, Person, Role
from .rooms import Room

_OWN: tuple[tuple[str, str, str, str, str, str, str, Role], ...] = (
    ("ewan.macrae", "Ewan MacRae", "ewan", "Harbour master", "Europe/Dublin", "en", "port", "primary_owner"),
    ("beatriz.fontes", "Beatriz Fontes", "Bia", "Port of Leixões", "Europe/Lisbon", "pt", "port", "admin"),
    ("giulia.marchetti", "Giulia Marchetti", "giulia", "Installer", "Europe/Rome", "it", "crew", "member"),
    ("pavel.dvorak", "Pavel Dvořák", "pavel", "Divers", "Europe/Prague", "en", "crew", "member"),
    ("min.seoyeon", "민서연", "서연", "Port of Busan", "Asia/Seoul", "ko", "port", "member"),
    ("yosef.tal", "יוסף טל", "yossi", "Port of Haifa", "Asia/Jerusalem", "he", "port", "member"),
    ("rania.saleh", "رانيا صالح", "رانيا", "Alexandria pilots", "Africa/Cairo", "ar", "port crew", "member"),
    ("old.skipper", "Magnus Lie", "", "", "Europe/Oslo", "no", "crew", "deleted"),
)

_SHARED: dict[str, tuple[str, Role]] = {
    "petra.novakova": ("port crew", "owner"),
    "luca.ferraro": ("crew", "member"),
    "keiko.arai": ("port", "member"),
    "amelie.durand": ("makers crew", "guest"),
    "tiago.vasconcelos": ("makers port", "guest"),
    "sinead.obrien": ("makers", "guest"),
    "omar.farouk": ("makers", "single_channel_guest"),
}
"""People of the home workspace with an account here too, under the same address: their teams and role."""

_TEAMS = "port crew makers"

EXTERNAL_ROOMS = (
    Room("general", "public", 3, _TEAMS, "general", "Everybody in the network", general=True),
    Room(
        "installers", "public", 5, "crew makers", "field", "Chains, drills, weather", bot="tide-clerk", bot_share=0.05
    ),
    Room("harbour-offices", "public", 4, "port makers", "support sales", "Questions between ports &amp; makers"),
    Room("gauge-data", "public", 2, "port makers", "data", "Who sees which station"),
    Room("winter-meeting", "public", 1, _TEAMS, "social", begins=0.2, ends=0.4, archived=True),
    Room("prices", "private", 1.5, "makers", "sales finance", "Not for the ports"),
    Room("petra.novakova amelie.durand", "dm", 1, "", "field"),
    Room("ewan.macrae petra.novakova luca.ferraro", "group_dm", 1, "", "field"),
)

EXTERNAL_BOTS = (Bot("tide-clerk", "Tide clerk", "ocean"),)


def external_people() -> list[Person]:
    """Own people write from example.net; shared ones keep the address they have at home."""
    own = [Person(*row[:7], f"{row[0]}@example.net", row[7]) for row in _OWN]
    at_home = {person.login: person for person in home_people()}
    shared = []
    for login, (teams, role) in _SHARED.items():
        home = at_home[login]
        shared.append(
            Person(
                login, home.real_name, home.display_name, home.title, home.zone, home.language, teams, home.email, role
            )
        )
    return own + shared
