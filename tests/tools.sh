#!/bin/sh
# The programs that tests drive: archivers, download clients, a browser, a web server to compare with, a database.
# Root on Debian installs what is missing; anybody else is told what will be skipped.
set -u
missing=""
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
want unzip unzip
want 7z p7zip-full
want bsdtar libarchive-tools
want curl curl
want wget wget
want aria2c aria2
want chromium chromium
want nginx nginx-light
want wrk wrk
want java default-jdk-headless
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing …"
    apt-get update -qq >/dev/null 2>&1
    for package in $missing; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 ||
            echo "$package could not be installed: its tests will be skipped"
    done
else
    echo "not installed, so their tests will be skipped:$missing"
fi
exit 0
