#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those. Services that they bring are neither started now nor
# at the next boot.
# usage: scripts/install-packages.sh PACKAGE...
set -euo pipefail

if ! command -v dpkg-query >/dev/null; then
    echo "this is no Debian: install what these packages hold yourself, if it is not there: $*" >&2
    exit 0
fi

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
log=$(mktemp)
# While this file is there, package scripts start no service; it is taken away again if we made it.
policy=/usr/sbin/policy-rc.d
made_policy=no
finish() {
    rm -f "$log"
    [ "$made_policy" = no ] || "${as_root[@]}" rm -f "$policy"
}
trap finish EXIT
if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

quietly() { "$@" </dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
# Another apt (a machine that updates itself after booting) is waited for.
apt=(DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
quietly "${as_root[@]}" "${apt[@]}" update
quietly "${as_root[@]}" "${apt[@]}" install --no-install-recommends "${missing[@]}"

# The tests start these themselves, on ports of their own; a service that was there before is left alone.
for service in nginx glewlwyd postgresql pgbouncer; do
    case " ${missing[*]} " in
    *" $service "* | *" $service-light "*)
        if command -v systemctl >/dev/null; then
            "${as_root[@]}" systemctl disable "$service" </dev/null >/dev/null 2>&1 || true
        fi
        ;;
    esac
done
