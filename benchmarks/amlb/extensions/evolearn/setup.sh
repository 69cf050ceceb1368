#!/usr/bin/env bash
# setup.sh VERSION: make an environment. EVOLEARN_SOURCE is a checkout to install in place of a release.
HERE=$(dirname "$0")
VERSION=${1:-"stable"}

. "$HERE/.setup/setup_env"
. "$AMLB_ROOT/frameworks/shared/setup.sh" "$HERE" true

PACKAGE="evolearn-automl"
if [[ -n "$EVOLEARN_SOURCE" ]]; then
    PACKAGE="$EVOLEARN_SOURCE"
elif [[ "$VERSION" =~ ^[0-9] ]]; then
    PACKAGE="evolearn-automl==$VERSION"
fi
# The versions that AMLB pins for the transfer of data are older than those that evolearn needs.
PIP install --no-cache-dir -U pandas pyarrow "$PACKAGE" lightgbm xgboost-cpu catboost
PY -c "from evolearn import __version__; print(__version__)" >> "$HERE/.setup/installed"
