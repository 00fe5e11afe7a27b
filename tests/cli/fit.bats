#!/usr/bin/env bats
# `revlift fit`: what needs more than a stored text.

load common

# 60,000 rows: more than one block of rows, so that threads have something to share
big() {
    awk 'BEGIN {
        srand(7); print "id,t,y,x1,x2"
        for (i = 0; i < 60000; i++) printf "%d,%d,%.5f,%.5f,%.5f\n", i / 10, i % 10, rand() * 9, rand(), rand() - rand()
    }' >"$BATS_TEST_TMPDIR/big.csv"
}

@test "same bytes for any number of threads" {
    big
    for vcov in iid HC1 cluster:id cluster:id+t; do
        for threads in 1 2 7; do
            "$REVLIFT" fit 'y ~ x1 + x2 | id + t' --data "$BATS_TEST_TMPDIR/big.csv" --vcov "$vcov" --json --threads "$threads" \
                | sed 's/"--threads", "[0-9]*"//' >"$BATS_TEST_TMPDIR/$threads"
            [ -s "$BATS_TEST_TMPDIR/$threads" ]
            cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/$threads"
        done
    done
}

@test "--json is one object and nothing else, on standard output" {
    run_split "$REVLIFT" fit 'revenue ~ spend' --data tests/golden/data/panel.csv --json
    [ "$status" -eq 0 ]
    case $out in '{'*'}') ;; *) false ;; esac
    command -v python3 >/dev/null || skip "no python3 to read it with"
    printf '%s' "$out" | python3 -c 'import json, sys; d = json.load(sys.stdin); assert d["schema"] == 1 and len(d["estimates"]) == 2'
}

@test "file names are only names" {
    cd "$BATS_TEST_TMPDIR"
    for name in 'a b.csv' '$(touch pwned).csv' '`touch pwned`.csv' "it's; touch pwned.csv" '"q".csv' '-x.csv' '%s%n.csv' '<b>&.csv' "$(printf 'new\nline.csv')"; do
        cp "$BATS_TEST_DIRNAME/../golden/data/panel.csv" "./$name"
        run_split "$REVLIFT" fit 'revenue ~ spend' --data "$name" --json
        [ "$status" -eq 0 ]
        [ ! -e pwned ]
        printf 'spend,revenue\n1,2\nx,3\n' >"./$name"
        run_split "$REVLIFT" fit 'revenue ~ spend' --data "$name"
        [ "$status" -eq 3 ]
        [ ! -e pwned ]
    done
}

@test "an error writes nothing to standard output" {
    for args in "fit --data x" "fit y~x --data /nonexistent/x.csv" "fit revenue~spnd --data tests/golden/data/panel.csv"; do
        run_split "$REVLIFT" $args
        [ "$status" -ge 2 ] && [ -z "$out" ] && [ -n "$err" ]
    done
}

@test "the language of the user does not matter" {
    run_split env LC_ALL=C "$REVLIFT" fit 'revenue ~ spend' --data tests/golden/data/panel.csv --json
    plain=$out
    for l in de_DE.UTF-8 tr_TR.UTF-8 C.UTF-8; do
        run_split env LC_ALL=$l LANG=$l "$REVLIFT" fit 'revenue ~ spend' --data tests/golden/data/panel.csv --json
        [ "$out" = "$plain" ]
    done
}

@test "a full disk behind --json is an error" {
    [ -w /dev/full ] || skip "no /dev/full"
    run_split sh -c '"$REVLIFT" fit "revenue ~ spend" --data tests/golden/data/panel.csv --json >/dev/full'
    [ "$status" -eq 5 ]
}

@test "memory that is not there is said, status 5" {
    [ -z "${SAN-}" ] || skip "the sanitizers need the address space"
    big
    run_split sh -c 'ulimit -v 90000; "$REVLIFT" fit "y ~ x1 + x2 + factor(id)" --data "$1" --threads 1' - "$BATS_TEST_TMPDIR/big.csv"
    [ "$status" -eq 5 ]
    has "$err" "out of memory"
}

@test "a file of another country: delimiter, encoding and number format as options" {
    cd "$BATS_TEST_TMPDIR"
    printf 'y;x;n\xf6te\n1.001,5;2,25;1\n1.002,75;3,5;2\n1.004;4,125;4\n1.003,5;5,75;3\n' >eu.csv
    printf 'y,x,nöte\n1001.5,2.25,1\n1002.75,3.5,2\n1004,4.125,4\n1003.5,5.75,3\n' >plain.csv
    "$REVLIFT" fit 'y ~ x + nöte' --data eu.csv --delimiter semicolon --encoding latin-1 --number-format eu >eu
    "$REVLIFT" fit 'y ~ x + nöte' --data plain.csv >plain
    cmp eu plain
    run_split "$REVLIFT" fit 'y ~ x' --data eu.csv --encoding latin-1
    [ "$status" -eq 3 ]
    has "$err" "--number-format eu"
    run_split "$REVLIFT" fit 'y ~ x' --data eu.csv --delimiter space
    [ "$status" -eq 2 ]
    has "$err" "--delimiter 'space' is not known"
}
