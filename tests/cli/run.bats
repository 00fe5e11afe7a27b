#!/usr/bin/env bats
# `revlift run`, `check` and `simulate`: whole directories, repeated and interrupted.

load common

STUDY=models/quarterly.yaml

@test "same bytes in every file for one thread and for two, and when repeated" {
    cd "$BATS_TEST_TMPDIR"
    root=$BATS_TEST_DIRNAME/../..
    "$REVLIFT" run "$root/$STUDY" -o one --threads 1 --quiet
    "$REVLIFT" run "$root/$STUDY" -o two --threads 2 --quiet
    diff -r one two
    "$REVLIFT" run "$root/$STUDY" -o two --threads 2 --quiet
    diff -r one two
    [ "$(find one -type f | wc -l)" -ge 10 ]
}

@test "the manifest holds the hash of every other file" {
    cd "$BATS_TEST_TMPDIR"
    "$REVLIFT" run "$BATS_TEST_DIRNAME/../../$STUDY" -o out --quiet
    (cd out && find . -type f ! -name manifest.json | sed 's|^\./||' | LC_ALL=C sort) >files
    while read -r f; do
        sum=$(sha256sum "out/$f")
        grep -F "\"$f\"" out/manifest.json | grep -qF "${sum%% *}"
    done <files
    hasnt "$(cat out/manifest.json)" "$BATS_TEST_TMPDIR"
}

@test "no file of a result knows the machine's folders or clock" {
    cd "$BATS_TEST_TMPDIR"
    "$REVLIFT" run "$BATS_TEST_DIRNAME/../../$STUDY" -o out --quiet
    run grep -rlF -e "$BATS_TEST_TMPDIR" -e "$(realpath "$BATS_TEST_DIRNAME/../..")" out
    [ -z "$output" ]
}

@test "--json is what results.json holds" {
    cd "$BATS_TEST_TMPDIR"
    "$REVLIFT" run "$BATS_TEST_DIRNAME/../../$STUDY" -o out --json >got
    cmp got out/results.json
}

@test "a directory that is not ours is not replaced" {
    cd "$BATS_TEST_TMPDIR"
    mkdir mine && echo precious >mine/file
    run_split "$REVLIFT" run "$BATS_TEST_DIRNAME/../../$STUDY" -o mine
    [ "$status" -eq 2 ]
    [ "$(cat mine/file)" = precious ]
}

@test "killed at 50 moments: the old result or the new one, never a mixture" {
    [ -z "${SAN-}" ] || skip "once is enough: without the sanitizers"
    cd "$BATS_TEST_TMPDIR"
    study=$(realpath "$BATS_TEST_DIRNAME/../../$STUDY")
    "$REVLIFT" run "$study" -o old --quiet
    sed "s/title: .*/title: Another title/; s|\.\./datasets|$(dirname "$study")/../datasets|" "$study" >other.yaml
    other=other.yaml
    start=$(date +%s%N)
    "$REVLIFT" run "$other" -o new --quiet
    span=$((($(date +%s%N) - start) / 1000))             # microseconds of a whole run
    "$REVLIFT" run "$study" -o out --quiet
    for i in $(seq 50); do
        "$REVLIFT" run "$other" -o out --quiet 2>/dev/null &
        pid=$!
        # spread over the run, denser towards its end, where files and names change
        us=$((span * (i + 12) / 60))
        sleep "$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))"
        kill -9 $pid 2>/dev/null || true
        wait $pid 2>/dev/null || true
        if ! diff -r out old >/dev/null; then           # it came through: it must be the new one
            diff -r out new
            "$REVLIFT" run "$study" -o out --quiet
        fi
    done
    "$REVLIFT" run "$study" -o out --quiet
    diff -r out old
    # what killed runs left behind is gone after a run that was not killed
    [ "$(ls -A | grep -c '^out')" -eq 1 ]
}

@test "check fits nothing and writes nothing" {
    cd "$BATS_TEST_TMPDIR"
    run_split "$REVLIFT" check "$BATS_TEST_DIRNAME/../../$STUDY"
    [ "$status" -eq 0 ] && [ -n "$out" ]
    hasnt "$out" "interval"
    [ -z "$(ls)" ]
}

@test "check shows the same design whatever the outcomes are" {
    cd "$BATS_TEST_TMPDIR"
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    mkdir -p datasets models && cp -r "$root/datasets/quarterly" datasets && cp "$root/$STUDY" models
    "$REVLIFT" check models/quarterly.yaml | sed -n '/^DESIGN/,$p' >seen
    [ "$(grep -c ': account-quarters$' seen)" -eq 2 ]
    grep -q 'estimators that can take it: etwfe cs' seen
    grep -q 'not lpdid: its base is the period right before the start, which has no row here' seen
    awk 'BEGIN { FS = OFS = "," } $8 == "Won" || $8 == "Lost" { srand(NR); $8 = rand() < 0.5 ? "Won" : "Lost"
         if ($8 == "Won") $9 = int(1000 * rand()) + 1 } { print }' datasets/quarterly/deals.csv >noise
    [ "$(cmp -l noise datasets/quarterly/deals.csv 2>/dev/null | wc -l)" -gt 1000 ]
    mv noise datasets/quarterly/deals.csv
    "$REVLIFT" check models/quarterly.yaml | sed -n '/^DESIGN/,$p' >again
    diff seen again
}

@test "--rejects holds every fault, and text that begins like a formula is defused" {
    cd "$BATS_TEST_TMPDIR"
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    cp "$root"/datasets/quarterly/*.csv . && cp "$root/datasets/quarterly/study.yaml" .
    awk 'BEGIN { FS = OFS = "," } NR > 1 && NR <= 42 { for (i = 1; i <= NF; i++) if ($i ~ /^20[0-9][0-9]-/) { $i = "=1+1"; break } } { print }' \
        deals.csv >deals.new && mv deals.new deals.csv
    run_split "$REVLIFT" run study.yaml -o out --rejects rejects.csv
    [ "$status" -eq 3 ]
    [ ! -e out ]
    [ "$(grep -c '^"deals.csv",.*,cell,' rejects.csv)" -eq 41 ]
    [ "$(printf '%s\n' "$err" | grep -c 'revlift: error: deals.csv:')" -eq 20 ]
    run grep -E '(^|,)"?[=+@]' rejects.csv
    [ -z "$output" ]
}

@test "simulate is the same for any number of threads, and its study runs" {
    cd "$BATS_TEST_TMPDIR"
    sed 's/count: 1600/count: 300/; s/redraws: .*/redraws: 0/' "$BATS_TEST_DIRNAME/../../datasets/quarterly/world.yaml" >world.yaml
    "$REVLIFT" simulate world.yaml -o a --threads 1 --seed 5 >/dev/null
    "$REVLIFT" simulate world.yaml -o b --threads 2 --seed 5 >/dev/null
    diff -r a b
    "$REVLIFT" run a/study.yaml -o out --quiet
    [ -s out/report.html ]
}

@test "a study without its files names the file" {
    run_split "$REVLIFT" run tests/golden/data/no-files.yaml
    [ "$status" -eq 3 ]
    has "$err" "nowhere.csv"
}

@test "without gnuplot the charts are missing and the rest is there" {
    cd "$BATS_TEST_TMPDIR"
    run_split env PATH=/nonexistent "$REVLIFT" run "$BATS_TEST_DIRNAME/../../$STUDY" -o out
    [ "$status" -eq 0 ]
    [ -s out/report.html ] && [ -s out/workbook.xlsx ]
    has "$(cat out/report.md)" "nuplot"
}

@test "every study of models/ runs on the data that come with it" {
    cd "$BATS_TEST_TMPDIR"
    for study in "$BATS_TEST_DIRNAME"/../../models/*.yaml; do
        name=$(basename "$study" .yaml)
        run_split "$REVLIFT" run "$study" -o "$name" --quiet
        [ "$status" -eq 0 ]
        [ -s "$name/report.html" ] && [ -s "$name/estimates.csv" ]
        ! grep -E '^"[^"]*","refused","[^"]*","",' "$name/estimates.csv" || return 1      # a model that was not answered
    done
}

@test "regions: the data are what their script writes, the truth is covered, plain two-way effects miss it" {
    cd "$BATS_TEST_TMPDIR"
    root=$(realpath "$BATS_TEST_DIRNAME/../..")
    mkdir data
    LC_ALL=C awk -f "$root/datasets/regions/make.awk" -v dir=data >truth
    cmp data/sales.csv "$root/datasets/regions/sales.csv"
    cmp data/waves.csv "$root/datasets/regions/waves.csv"
    while read -r line; do grep -qF "    $line" "$root/datasets/README.md"; done <truth
    truth=$(sed -n 's/^effect a region and month \(.*\) USD/\1/p' truth)
    "$REVLIFT" run "$root/models/regions.yaml" -o r --quiet
    covers() {
        grep -F "\"done\",\"sales\",$1" r/estimates.csv | sed 's/"[^"]*"/x/g' |
            awk -F, -v truth="$truth" '{ n++; hit += $14 <= truth && truth <= $15 } END { exit !(n == 1 && hit == 1) }'
    }
    covers '"lift","effect on the treated"'
    for e in etwfe cs bjs did2s sunab; do covers "\"estimator\",\"$e\""; done
    ! covers '"estimator","twfe"'
    for c in rollout cohorts estimators estimator-events bacon; do [ -s "r/charts/m1-$c.svg" ]; done
    md=$(cat r/report.md)
    has "$md" 'What plain two-way fixed effects would compare'
    has "$md" 'Small cohorts: 3 treated units'
    run_split "$REVLIFT" check "$root/models/regions.yaml"
    has "$out" '81 treated, 39 never; 120 clusters (region)'
    has "$out" 'every exposed period of every cohort can be estimated'
    has "$out" '! fewer than four'
    hasnt "$out" 'deals before'
}

@test "what the event study's estimator says of itself is not said of the model" {
    cd "$BATS_TEST_TMPDIR"
    awk 'BEGIN { print "id,month,y"
        for (u = 0; u < 80; u++) for (t = 0; t < 30; t++) {
            start = u % 16 == 0 ? 99 : 3 + u % 16
            printf "a%02d,%d-%02d-01,%.3f\n", u, 2021 + int(t / 12), 1 + t % 12, sin(9 * u + t * t) + u / 50 + (t >= start) } }' >p.csv
    awk 'BEGIN { print "id,start"
        for (u = 0; u < 80; u++) if (u % 16 > 0) { t = 3 + u % 16; printf "a%02d,%d-%02d-01\n", u, 2021 + int(t / 12), 1 + t % 12 } }' >w.csv
    cat >s.yaml <<'EOF'
study: {title: T, currency: USD, period: month, seed: 1}
panel: {file: p.csv, unit: id, date: month, columns: [y]}
programs:
  p: {file: w.csv, unit: id, start: start}
models:
  m: {question: q, outcome: y, treatment: p, estimator: twfe, primary: yes}
EOF
    run_split "$REVLIFT" run s.yaml -o o
    [ "$status" -eq 0 ]
    has "$err" "model 'm', its event study (by etwfe): more than 199 cells"
    hasnt "$err" 'note: more than 199 cells'
    hasnt "$(cat o/report.md)" '- More than 199 cells'
    has "$(cat o/report.md)" '- Event study by etwfe: More than 199 cells'
    has "$(cat o/report.md)" '(event study by etwfe)'
    sed -i 's/estimator: twfe/estimator: cs/' s.yaml
    run_split "$REVLIFT" run s.yaml -o o2
    [ "$status" -eq 0 ]
    hasnt "$err" 'etwfe'
    hasnt "$(cat o2/report.md)" 'by etwfe'
}

# FILE MODEL TERM: the estimate as estimates.csv has it
estimate_of() {
    grep -F "\"$2\",\"done\"," "$1/estimates.csv" | grep -F "\"estimate\",\"$3\"," | sed 's/"[^"]*"/x/g' | cut -d, -f10
}

@test "a study says what fit says: a panel with numbered months, one series without units" {
    cd "$BATS_TEST_TMPDIR"
    root=$BATS_TEST_DIRNAME/../..
    "$REVLIFT" run "$root/models/detailing.yaml" -o d --quiet
    "$REVLIFT" fit 'scripts ~ lag(scripts,1:3) + lag(detailing,0:1) | physician + month' --panel physician,month \
        --data "$root/datasets/detailing/detailing.csv" --estimator arellano-bond --json --quiet >d.json
    x=$(estimate_of d habit 'lag(scripts,2)')
    [ -n "$x" ]
    has "$(cat d.json)" "\"estimate\": $x,"
    "$REVLIFT" run "$root/models/bjsales.yaml" -o b --quiet
    "$REVLIFT" fit 'diff(sales) ~ lag(adstock(diff(lead)),3)' --data "$root/datasets/bjsales/bjsales.csv" \
        --time period --vcov EWC --json --quiet >b.json
    x=$(estimate_of b shape 'rate::adstock(diff(lead))')
    case $x in 0.72*) ;; *) false ;; esac                                 # Box & Jenkins: 0.72
    has "$(cat b.json)" "\"estimate\": $x,"
    [ -s b/charts/m2-track.svg ]                                          # parameters estimated, and a chart all the same
    has "$(cat b/report.md)" "goes with 18.15 of sales in the long run"
}

@test "numbered periods without 'first' are faults that name it; what is no number stays one" {
    cd "$BATS_TEST_TMPDIR"
    printf 'week,sales,tv\n1,5,1\n2,7,2\n' >w.csv
    cat >s.yaml <<'Y'
study: {period: week}
panel: {file: w.csv, date: week, columns: [sales, tv]}
models: {m: {level: panel, formula: sales ~ tv}}
Y
    run_split "$REVLIFT" run s.yaml -o out
    [ "$status" -eq 3 ]
    has "$err" "w.csv:2:1: '1' is not a date (column 'week')"
    has "$err" "first: 2024-01-01"
    printf 'week,sales,tv\n1,5,1\n2,7,2\n3.5,6,1\n' >w.csv
    sed -i 's/date: week/date: week, first: 2024-01-01/' s.yaml
    run_split "$REVLIFT" run s.yaml -o out
    [ "$status" -eq 3 ]
    has "$err" "w.csv:4:1: '3.5' is not a date"
}
