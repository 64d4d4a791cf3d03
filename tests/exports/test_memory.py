"""What a worker tells the allocator, in a process of its own: it is read once, when Polars is loaded."""

import os
import subprocess
import sys

LOADED = """
import sys
import exeunt.cli.worker
from exeunt.exports.memory import give_back_soon
give_back_soon()
print("polars" in sys.modules)
import polars, os
print(os.environ["_RJEM_MALLOC_CONF"])
"""


def said(**more: str) -> list[str]:
    environ = {name: value for name, value in os.environ.items() if name != "_RJEM_MALLOC_CONF"}
    ran = subprocess.run([sys.executable, "-c", LOADED], env=environ | more, capture_output=True, text=True, check=True)
    return ran.stdout.split()


def test_what_a_worker_says_comes_before_polars_is_loaded_and_wins_over_its_own() -> None:
    late, words = said()
    assert late == "False"
    assert words.endswith(",dirty_decay_ms:100,muzzy_decay_ms:0")


def test_the_environment_has_the_last_word() -> None:
    _, words = said(_RJEM_MALLOC_CONF="dirty_decay_ms:9000")
    assert words.endswith(",dirty_decay_ms:9000")
    assert "dirty_decay_ms:100," not in words
