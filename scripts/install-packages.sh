#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those. Services that they bring are not started.
# usage: scripts/install-packages.sh PACKAGE...
set -euo pipefail

missing=()
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null; then
    as_root=(sudo env)
else
    echo "these packages are missing: ${missing[*]}" >&2
    echo "install them as root: apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "installing ${missing[*]}"
# While this file is there, package scripts start no service; it is taken away again if we made it.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    made_policy=yes
fi
finish() { [ "$made_policy" = no ] || "${as_root[@]}" rm -f "$policy"; }
trap finish EXIT
install() {
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
}
log=$(mktemp)
"${as_root[@]}" apt-get update --quiet >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
install >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
rm -f "$log"
