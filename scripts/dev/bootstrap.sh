#!/usr/bin/env bash
# One-command set-up: the virtual environment, .env, Apache Kafka's jars and the chart script of the live view.
# Runs again in a moment when nothing has changed. `--quiet` prints only what it has to do, and what is wrong.
set -eu -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=.venv
stamp=$venv/.set-up
quiet=
[ "${1:-}" = --quiet ] && quiet=yes

say() { printf '%s\n' "$*"; }
fail() {
  printf 'set-up: %s\n' "$@" >&2
  exit 1
}

# What the set-up was made from. A moved folder counts as changed: the environment's scripts name it.
fingerprint() {
  pwd
  cat requirements/dev.txt requirements/uv.txt pyproject.toml stream_app/dev/jars.lock
}

complete() {
  [ -x $venv/bin/python ] && [ -f $stamp ] && fingerprint | cmp -s - $stamp \
    && [ -f stream_app/web/static/vendor/uplot/uPlot.iife.min.js ]
}

how_to_get() { # the package's name on Debian, Fedora and macOS
  if command -v apt-get >/dev/null; then say "apt-get install $1"
  elif command -v dnf >/dev/null; then say "dnf install $2"
  elif command -v brew >/dev/null; then say "brew install $3"
  else say "install $1 with your system's package manager"
  fi
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

check_machine() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-aarch64 | Darwin-*) ;;
    *) fail "no local Kafka and PostgreSQL for $(uname -s) on $(uname -m): use docker compose, or Linux or macOS." ;;
  esac
  local missing=()
  command -v git >/dev/null || missing+=("git: $(how_to_get git git git)")
  command -v make >/dev/null || missing+=("make: $(how_to_get make make make)")
  if python=$(find_python); then
    "$python" -c 'import ensurepip, venv' 2>/dev/null \
      || missing+=("Python's venv: $(how_to_get python3-venv python3 python3) ($python has no venv or ensurepip)")
  else
    missing+=("Python 3.11 or newer: $(how_to_get 'python3 python3-venv' python3 python3) (or name one: PYTHON=/path/to/python3)")
  fi
  [ ${#missing[@]} -eq 0 ] || fail "this machine lacks" "${missing[@]/#/  }"
}

make_environment() {
  if ! [ -x $venv/bin/python ] || ! $venv/bin/python -c 'import pip' 2>/dev/null; then
    say "Making $venv with $python"
    "$python" -m venv --clear $venv
  fi
  say 'Installing the locked dependencies'
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
  $venv/bin/uv pip install --quiet --python $venv/bin/python --require-hashes -r requirements/dev.txt
  $venv/bin/uv pip install --quiet --python $venv/bin/python --no-build-isolation --no-deps --editable .
}

if [ ! -f .env ]; then
  cp .env.example .env
  say 'Wrote .env from .env.example'
fi
if ! complete; then
  check_machine
  rm -f $stamp
  make_environment
  $venv/bin/python -m stream_app dev fetch
  fingerprint >$stamp
fi

[ -n "$quiet" ] || cat <<'NEXT'
Ready. Next:
  make demo              replay 46 seasons of the Bundesliga through Kafka and watch it live
  make test              run every test
  make help              all the rest
  . .venv/bin/activate   then: stream-app --help
NEXT
