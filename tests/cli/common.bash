# For every .bats file: the program, and a `run` that keeps the streams apart.
# shellcheck shell=bash

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    REVLIFT=$(realpath "${REVLIFT:-build/revlift}")
    SHARED=${RLV_SHARED:-../shared}
    ESC=$(printf '\033')
    export REVLIFT SHARED ESC LC_ALL=C
}

# run_split COMMAND..: $status, $out, $err
run_split() {
    status=0
    "$@" >"$BATS_TEST_TMPDIR/.out" 2>"$BATS_TEST_TMPDIR/.err" </dev/null || status=$?
    out=$(cat "$BATS_TEST_TMPDIR/.out")
    err=$(cat "$BATS_TEST_TMPDIR/.err")
}

# on_terminal 'COMMAND': both streams in $out, as a terminal would get them
on_terminal() {
    out=$(env -u NO_COLOR script -qec "$1" /dev/null </dev/null || true)
}

has() { case $1 in *"$2"*) ;; *) printf "no '%s' in: %s\n" "$2" "$1"; return 1 ;; esac; }
hasnt() { case $1 in *"$2"*) printf "'%s' in: %s\n" "$2" "$1"; return 1 ;; esac; }
