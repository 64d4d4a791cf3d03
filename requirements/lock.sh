#!/bin/sh
# Writes the lock files: exact versions with hashes, and no address of any index.
set -eu
uv=${1:-uv}
lock() {
    out=$1
    shift
    "$uv" pip compile "$@" --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" --output-file "requirements/$out"
}
lock run.txt pyproject.toml
lock build.txt requirements/build.in --constraint requirements/run.txt
lock dev.txt pyproject.toml --group dev --constraint requirements/run.txt
lock bench.txt pyproject.toml --group bench --constraint requirements/run.txt --constraint requirements/dev.txt
