#!/usr/bin/env bash
# Makes the virtual environment of the tests (PyPI packages), or does nothing when it is as requirements.txt wants it.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${SALLYPORT_TEST_VENV:-.venv-test}
requirements=scripts/test-requirements.txt
stamp="$venv/.requirements"
if [ -f "$stamp" ] && cmp --silent "$requirements" "$stamp"; then exit 0; fi

python=
for candidate in python3.11 python3.12 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "python 3.11 or newer is needed" >&2; exit 1; }

rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python3" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$stamp"
