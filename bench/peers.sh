#!/bin/sh
# Fetches the peers that Debian offers: `make bench-peers`. syslog-ng conflicts with rsyslog as a package, so it is
# unpacked into bench/out/peers, where bench/lib/peers.py looks for it. Changes nothing else on the machine.
set -eu
cd "$(dirname "$0")"
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
$sudo apt-get update -q
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends rsyslog zstd ripgrep curl clickhouse-server \
    clickhouse-client || echo "peers: not all of them can be installed here" >&2
mkdir -p out/peers/debs out/peers/syslog-ng
(cd out/peers/debs && apt-get download -q syslog-ng-core libivykis0 libnet1 libwrap0) || exit 0
for deb in out/peers/debs/*.deb; do
    dpkg -x "$deb" out/peers/syslog-ng
done
