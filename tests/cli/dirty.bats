#!/usr/bin/env bats
# Exports as they come: what must be said, and what must not happen.

load common

# study FILE [sed script]: a study of FILE in $BATS_TEST_TMPDIR/s.yaml
study() {
    cat >"$BATS_TEST_TMPDIR/s.yaml" <<END
study: {cut: 2025-12-31, rules: {}}
deals:
  file: "$1"
  id: id
  account: account
  created: created
  closed: closed
  status: status
  won: [Won]
  lost: [Lost]
  open: [Open]
  amount: amount
  group: [region]
END
    [ $# -lt 2 ] || sed -i "$2" "$BATS_TEST_TMPDIR/s.yaml"
    cd "$BATS_TEST_TMPDIR"
}

# Deals with every fault a deal can have, the k-th of them k times.
every_fault() {
    awk -v OFS=, 'function row(id, acc, from, to, st, usd) { print id, acc, from, to, st, usd, "N" }
    BEGIN {
        print "id,account,created,closed,status,amount,region"
        for (i = 0; i < 200; i++)
            row("D" i, "A" i % 40, sprintf("2024-%02d-03", 1 + i % 12), i % 3 ? sprintf("2025-%02d-09", 1 + i % 9) : "",
                i % 3 == 0 ? "Open" : i % 3 == 1 ? "Won" : "Lost", i % 3 == 1 ? 1000 + i : "")
        row("E1", "A1", "2024-01-01", "2024-02-01", "Won", "abc")
        for (i = 0; i < 2; i++) print ",,,,,,"
        for (i = 0; i < 3; i++) row("", "A1", "2024-01-01", "2024-02-01", "Lost", "")
        for (i = 0; i < 4; i++) row("D" i, "A1", "2024-01-01", "2024-02-01", "Lost", "")
        for (i = 0; i < 5; i++) row("F" i, "A1", "", "2024-02-01", "Lost", "")
        for (i = 0; i < 6; i++) row("G" i, "A1", "2024-01-01", "", "Lost", "")
        for (i = 0; i < 7; i++) row("H" i, "A1", "2024-01-01", "2023-12-31", "Lost", "")
        for (i = 0; i < 8; i++) row("I" i, "A1", "2026-01-01", "", "Open", "")
        for (i = 0; i < 9; i++) row("J" i, "A1", "2025-01-01", "2026-01-01", "Won", "77.5")
        for (i = 0; i < 10; i++) row("K" i, "A1", "2025-01-01", "2025-02-01", "Won", "")
        for (i = 0; i < 11; i++) row("L" i, "A1", "2025-01-01", "2025-02-01", "Won", "(5)")
        for (i = 0; i < 12; i++) row("M" i, "A1", "2025-01-01", "2025-02-01", "Odd", "")
        for (i = 0; i < 13; i++) row("N" i, "Z" i, "2025-01-01", "2025-02-01", "Lost", "")
    }' >"$BATS_TEST_TMPDIR/d.csv"
    { echo account; for i in $(seq 0 39); do echo "A$i"; done; } >"$BATS_TEST_TMPDIR/a.csv"
    study d.csv 's/^  amount.*/&\n  number_format: us/'
    echo 'accounts: {file: a.csv, id: account}' >>s.yaml
}

RULES="cell empty-row missing-id duplicate-deal missing-created decided-without-date closed-before-created created-after-cut closed-after-cut won-without-amount negative-amount unlisted-status deal-account-unknown"

@test "every rule drops what it finds, and the waterfall adds up" {
    every_fault
    sed -i "s/rules: {}/rules: {$(for r in $RULES; do printf '%s: drop, ' "$r"; done)}/" s.yaml
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 0 ]
    left=$(printf '%s\n' "$out" | awk '/^SAMPLE/ { on = 1 } /^$/ { on = 0 }
        on && $2 == "deals" && $3 == "read" { left = $1 } on && $1 == "-" { left -= $2; k++; if ($2 != k) bad = 1 }
        on && /that models can use/ { if (left != $1) bad = 1; print bad ? "bad" : $1, k }')
    [ "$left" = "200 13" ]
}

@test "every rule keeps what it finds, or says that it cannot" {
    every_fault
    for r in $RULES; do
        sed "s/rules: {}/rules: {cell: drop, missing-id: drop, duplicate-deal: drop, decided-without-date: drop, closed-before-created: drop, won-without-amount: drop, negative-amount: drop, unlisted-status: drop}/; s/$r: drop/$r: keep/; /rules/!b; /$r: keep/!s/{cell/{$r: keep, cell/" s.yaml >k.yaml
        run_split "$REVLIFT" check k.yaml
        case $r in
        missing-id | missing-created) [ "$status" -eq 3 ] && has "$err" "can be error or drop" ;;
        *) [ "$status" -eq 0 ] && has "$(printf '%s\n' "$out" | grep "^  $r ")" "(rows kept)" ;;
        esac
    done
}

@test "all faults are counted, the first twenty shown, all written" {
    every_fault
    run_split "$REVLIFT" run s.yaml -o out --rejects r.csv
    [ "$status" -eq 3 ] && [ -z "$out" ] && [ ! -e out ]
    [ "$(printf '%s\n' "$err" | grep -c '^revlift: error: d.csv:')" -eq 20 ]
    has "$err" "the data has 54 faults"
    has "$err" "34 more are not shown"
    [ "$(wc -l <r.csv)" -eq 92 ]
    [ "$(grep -c '^"d.csv",.*,cell,error,' r.csv)" -eq 1 ]      # a cell is not faulty twice
    [ "$(grep -c ',won-without-amount,' r.csv)" -eq 10 ]
}

@test "a file that is no CSV does not hide the faults of the others" {
    printf 'id,account,created,closed,status,amount,region\n1,a,never,,Open,1,N\n2,a,2024-01-01,,Open\n' >"$BATS_TEST_TMPDIR/d.csv"
    printf 'account\na\n"b\n' >"$BATS_TEST_TMPDIR/a.csv"
    printf 'date,usd\n45623,1\n2024-01-01,x\n' >"$BATS_TEST_TMPDIR/p.csv"
    study d.csv
    printf 'accounts: {file: a.csv, id: account}\nspend: {file: p.csv, date: date, amount: usd}\n' >>s.yaml
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 3 ]
    has "$err" "a.csv:3:1: a quote that is never closed"
    has "$err" "d.csv:3:17: a row with 5 fields"
    has "$err" "d.csv:2:5: 'never' is not a date"
    has "$err" "p.csv:2:1: '45623' is not a date"
    has "$err" "p.csv:3:12: 'x' is not a number"
    has "$err" "the data has 3 faults"
}

@test "--rejects does not write over an input" {
    every_fault
    cp d.csv before
    ln -s d.csv link
    for to in d.csv link s.yaml ./a.csv; do
        run_split "$REVLIFT" run s.yaml -o out --rejects "$to"
        [ "$status" -eq 2 ]
        has "$err" "would overwrite an input"
        cmp d.csv before
    done
}

@test "what is missing is placed in the study" {
    printf 'id,account\n1,a\n' >"$BATS_TEST_TMPDIR/d.csv"
    study d.csv
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 3 ]
    has "$err" "s.yaml:6:12: no column 'created' in d.csv"
    study nowhere.csv
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 3 ]
    has "$err" "s.yaml:3:9: nowhere.csv: cannot read the file"
}

@test "a pipe, a device, a folder: said, not waited for" {
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for f in fifo /dev/null /dev/zero /tmp; do
        study $f
        run_split timeout 10 "$REVLIFT" check s.yaml
        [ "$status" -eq 3 ]
        has "$err" "not a regular file"
        run_split timeout 10 "$REVLIFT" init $f
        [ "$status" -eq 3 ]
        has "$err" "not a regular file"
    done
}

@test "nothing from a file steers the terminal" {
    printf 'id,account,created,closed,status,amount,region\n' >"$BATS_TEST_TMPDIR/d.csv"
    printf '\033[2J,a\033]0;x\007,\033[31mno\302\233m\342\200\256,,Op\033[me\342\200\256n,1,\342\201\246N\n' >>"$BATS_TEST_TMPDIR/d.csv"
    study d.csv
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 3 ]
    for evil in "$ESC" "$(printf '\007')" "$(printf '\302\233')" "$(printf '\342\200\256')"; do hasnt "$err" "$evil"; done
    run_split "$REVLIFT" init d.csv
    for evil in "$ESC" "$(printf '\342\200\256')"; do hasnt "$err$out" "$evil"; done
}

@test "the caret stands below what it means, beside wide and combining letters" {
    printf 'id,account,created,closed,status,amount,region\n' >"$BATS_TEST_TMPDIR/d.csv"
    printf '1,\346\227\245\346\234\254,2024-13-01,,Open,1,N\n2,e\314\201,2024-13-02,,Open,1,N\n' >>"$BATS_TEST_TMPDIR/d.csv"
    study d.csv
    run_split "$REVLIFT" check s.yaml
    has "$err" "d.csv:2:6:"
    has "$err" "
        |        ^~~~~~~~~~"                             # 2 + 4 columns for two letters + 1
    has "$err" "d.csv:3:6:"
    has "$err" "
        |     ^~~~~~~~~~"
}

@test "init names what is wrong with deals it cannot use" {
    cd "$BATS_TEST_TMPDIR"
    { echo id,account,created,closed,status,amount; for i in 1 2 3 4; do echo "$i,a,4562$i,4565$i,Won,$i"; done; } >x.csv
    run_split "$REVLIFT" init x.csv
    [ "$status" -eq 3 ]
    has "$err" "'x.csv' is most like 'deals', but lacks a column of creation dates ('created' holds numbers: day numbers"
    { echo id,account,created,closed,status,amount; for i in 1 2 3 4; do echo "$i,a,$((i % 2 + 1))/2/2024,2024-0$i-09,Won,$i"; echo "9$i,a,2024-01-0$i,2024-03-09,Lost,3"; done; } >x.csv
    run_split "$REVLIFT" init x.csv
    [ "$status" -eq 3 ]
    has "$err" "('created' holds texts that no one date format reads)"
}

@test "init writes what can be read, however many columns there are" {
    cd "$BATS_TEST_TMPDIR"
    awk 'BEGIN { printf "deal_id,account,created,closed,status,amount"; for (j = 0; j < 150; j++) printf ",g%d", j; print ""
        for (i = 0; i < 40; i++) { printf "D%d,A%d,2024-01-%02d,2024-02-%02d,%s,%d.5", i, i % 7, 1 + i % 28, 1 + i % 28, i % 2 ? "Won" : "Lost", 100 + i
            for (j = 0; j < 150; j++) printf ",%s", (i * j) % 3 ? "x" : "y"; print "" } }' >deals.csv
    run_split "$REVLIFT" init deals.csv -o s.yaml
    [ "$status" -eq 0 ]
    has "$(cat s.yaml)" "the first 60 of 1"
    run_split "$REVLIFT" check s.yaml
    [ "$status" -eq 0 ]
}
