#!/bin/sh
# Install the Debian packages that the given lists name and this machine lacks. Asks nothing, starts no service, and
# does not touch the network when nothing is missing. Form of a list: packaging/debian-packages.txt.
set -eu

has() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The needs that nothing meets, one a line, alternatives kept.
missing() {
    cat "$@" | while IFS= read -r line; do
        line=${line%%#*}
        case $line in
        *" unless "*)
            if sh -c "${line#* unless }" >/dev/null 2>&1 </dev/null; then continue; fi
            line=${line%% unless *}
            ;;
        esac
        names=$(printf '%s' "$line" | tr '|' ' ')
        met=no
        for name in $names; do
            if has "$name"; then met=yes; fi
        done
        if [ "$met" = no ] && [ -n "${names# }" ]; then printf '%s\n' "$names"; fi
    done
}

choose() {
    while IFS= read -r names; do
        pick=
        for name in $names; do
            if [ -z "$pick" ] && apt-cache show "$name" >/dev/null 2>&1; then pick=$name; fi
        done
        if [ -z "$pick" ]; then
            echo "install_deps: this release offers none of: $names" >&2
            exit 3
        fi
        printf '%s\n' "$pick"
    done
}

needs=$(missing "$@")
if [ -z "$needs" ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "install_deps: not a Debian system; please install: $(echo "$needs" | tr '\n' ',')" >&2
    exit 3
fi
root=
if [ "$(id -u)" != 0 ]; then root=sudo; fi

$root env DEBIAN_FRONTEND=noninteractive apt-get update -q
packages=$(printf '%s\n' "$needs" | choose)
echo "install_deps: installing" $packages

# A package that brings a service must not start it here.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
    trap '$root rm -f "$policy"' EXIT
fi
$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
