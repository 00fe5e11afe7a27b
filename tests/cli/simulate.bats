#!/usr/bin/env bats
# revlift simulate: a company, its truth, and a study that runs on it.

load common

small() {
    cat >"$BATS_TEST_TMPDIR/world.yaml" <<'END'
world: {title: Small, seed: 3, redraws: 5, messy: yes}
accounts: {count: 300, names: company}
deals: {rate: 0.6}
rollout: {share: 0.5, waves: [2024-10-01, 2025-01-01]}
END
}

@test "the truth table goes to standard output, the files to the directory, and the study runs on them" {
    small
    run_split "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml" -o "$BATS_TEST_TMPDIR/a/b"
    [ "$status" -eq 0 ] && [ -z "$err" ]
    has "$out" "300 accounts (150 treated)"
    has "$out" "Effect on the treated, horizon 180 days"
    [ "$(ls "$BATS_TEST_TMPDIR/a/b" | tr '\n' ' ')" = \
        "accounts.csv deals.csv leads.csv market.csv programs.csv spend.csv study.yaml touches.csv truth.json " ]
    run_split "$REVLIFT" run "$BATS_TEST_TMPDIR/a/b/study.yaml" -o "$BATS_TEST_TMPDIR/study"
    [ "$status" -eq 0 ]
    [ -s "$BATS_TEST_TMPDIR/study/report.html" ]
}

@test "the same bytes for any number of threads; another seed is another draw of the same size" {
    small
    "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml" --threads 1 -o "$BATS_TEST_TMPDIR/one" >/dev/null
    "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml" --threads 2 -o "$BATS_TEST_TMPDIR/two" >/dev/null
    diff -r "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml" --seed 4 -o "$BATS_TEST_TMPDIR/two" >/dev/null
    ! cmp -s "$BATS_TEST_TMPDIR/one/deals.csv" "$BATS_TEST_TMPDIR/two/deals.csv"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/one/accounts.csv")" -eq "$(wc -l <"$BATS_TEST_TMPDIR/two/accounts.csv")" ]
}

@test "what cannot be simulated is said with its place, and nothing is written" {
    printf 'world: {title: x}\neffect: {winrate: 0.1}\n' >"$BATS_TEST_TMPDIR/w.yaml"
    run_split "$REVLIFT" simulate "$BATS_TEST_TMPDIR/w.yaml" -o "$BATS_TEST_TMPDIR/no"
    [ "$status" -eq 3 ]
    has "$err" "w.yaml:2:10: unknown key 'winrate' in 'effect'"
    has "$err" "did you mean 'win_rate'"
    [ ! -e "$BATS_TEST_TMPDIR/no" ]
    small
    run_split "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml"
    [ "$status" -eq 2 ]
    run_split "$REVLIFT" simulate "$BATS_TEST_TMPDIR/world.yaml" -o /dev/null/x
    [ "$status" -eq 5 ]
    run_split "$REVLIFT" simulate "$BATS_TEST_TMPDIR/none.yaml" -o "$BATS_TEST_TMPDIR/no"
    [ "$status" -eq 3 ]
    has "$err" "the shortest world file is"
}
