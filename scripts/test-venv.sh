#!/usr/bin/env bash
# Makes the virtual environment of the tests (PyPI packages), or does nothing when it is as the requirements want it.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${SALLYPORT_TEST_VENV:-.venv-test}
requirements=scripts/test-requirements.txt
# These say that they need Python 3.12, and run on Debian 12's 3.11 all the same; what they need is among the others.
newer=scripts/test-requirements-newer.txt
# Written last, so that an installation that broke off is made again.
stamp="$venv/.requirements"
if [ -x "$venv/bin/python3" ] && cat "$requirements" "$newer" | cmp --silent - "$stamp" &&
    "$venv/bin/python3" -c '' 2>/dev/null; then
    exit 0
fi

# The system's own first: Debian's python3-venv belongs to that one.
python=
for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "python 3.11 or newer with its venv module is needed (Debian: apt-get install python3-venv)" >&2
    exit 1
fi

echo "making $venv with $($python --version)"
rm -rf "$venv"
"$python" -m venv "$venv"
install=("$venv/bin/python3" -m pip install --quiet --disable-pip-version-check --no-input --retries 5)
"${install[@]}" --requirement "$requirements" </dev/null
"${install[@]}" --no-deps --ignore-requires-python --requirement "$newer" </dev/null
cat "$requirements" "$newer" >"$stamp"
