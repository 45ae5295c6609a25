#!/usr/bin/env bash
# What the tests of docs/scaling.md need of a bucket and a database, besides make install-scale: OpenStack Swift, whose S3 interface keeps
# objects as files and checks signatures, in an environment of its own, and Debian's PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! compgen -G "/usr/lib/postgresql/*/bin/initdb" > /dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql > /dev/null
fi
if [ ! -x .venv/swift/bin/swift-proxy-server ]; then
    python -m venv --clear .venv/swift
    .venv/swift/bin/python -m pip install --quiet --disable-pip-version-check -r tests/scale/requirements-swift.lock
fi
