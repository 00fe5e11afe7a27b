#!/usr/bin/env bats
# The frame of the command line: what needs more than a stored text.

load common

@test "help goes to standard output, status 0; no command to standard error, status 2" {
    run_split "$REVLIFT" help
    [ "$status" -eq 0 ] && [ -n "$out" ] && [ -z "$err" ]
    run_split "$REVLIFT"
    [ "$status" -eq 2 ] && [ -z "$out" ] && [ -n "$err" ]
}

@test "--help of every command is what 'help COMMAND' says" {
    for c in run fit check init simulate help version; do
        [ "$("$REVLIFT" "$c" --help)" = "$("$REVLIFT" help "$c")" ] || [ "$c" = help ]
    done
}

@test "a full disk behind standard output is an error, status 5" {
    [ -w /dev/full ] || skip "no /dev/full"
    run_split sh -c '"$REVLIFT" help >/dev/full'
    [ "$status" -eq 5 ]
    has "$err" "cannot write to standard output"
}

@test "a reader that goes away ends the program without a word" {
    # the second help finds nobody at the other end
    run_split sh -c '{ "$REVLIFT" help; sleep 0.1; "$REVLIFT" help; echo $? >"$BATS_TEST_TMPDIR/status"; } | head -n 1'
    [ -z "$err" ]
    [ "$(cat "$BATS_TEST_TMPDIR/status")" -eq 141 ]
}

@test "no colour in a file; --color=always colours; NO_COLOR and TERM=dumb only matter for auto" {
    run_split env -u NO_COLOR TERM=xterm "$REVLIFT" fitt
    hasnt "$err" "$ESC"
    run_split env NO_COLOR=1 TERM=dumb "$REVLIFT" fitt --color=always
    has "$err" "$ESC"
}

@test "on a terminal: colour unless NO_COLOR, TERM=dumb or --color=never" {
    command -v script >/dev/null || skip "no script(1)"
    on_terminal "TERM=xterm '$REVLIFT' fitt"
    has "$out" "$ESC[1;31m"
    on_terminal "NO_COLOR=1 TERM=xterm '$REVLIFT' fitt"
    hasnt "$out" "$ESC[1;31m"
    on_terminal "TERM=dumb '$REVLIFT' fitt"
    hasnt "$out" "$ESC[1;31m"
    on_terminal "TERM=xterm '$REVLIFT' fitt --color=never"
    hasnt "$out" "$ESC[1;31m"
    on_terminal "NO_COLOR= TERM=xterm '$REVLIFT' fitt"
    has "$out" "$ESC[1;31m"
}

@test "the manual page is clean roff" {
    run_split "$REVLIFT" man
    [ "$status" -eq 0 ]
    has "$out" ".TH REVLIFT 1"
    command -v groff >/dev/null || skip "no groff"
    "$REVLIFT" man | groff -man -Tutf8 -ww -z 2>"$BATS_TEST_TMPDIR/groff"
    [ ! -s "$BATS_TEST_TMPDIR/groff" ]
}

@test "the version is that of the header" {
    want=$(sed -n 's/.*REVLIFT_VERSION "\(.*\)"/\1/p' include/revlift.h)
    [ "$("$REVLIFT" --version)" = "revlift $want" ]
}
