#!/usr/bin/env bats
# Estimators for programmes, given what they cannot use: refused by name, or said.

load common

# panel FILE: 24 units, 6 periods, cohorts never, 3 and 5 -- columns id,t,y,g,w,cl,vary,flat; times less $2
panel() {
    awk -v shift="${2:-0}" -v scale="${3:-1}" 'BEGIN {
        srand(11); print "id,t,y,g,w,cl,vary,flat"
        for (i = 1; i <= 24; i++) for (t = 1; t <= 6; t++) {
            g = i % 3 == 0 ? "" : 1 + 2 * (i % 3)
            y = i / 7 + t / 3 + (g != "" && t >= g) + rand()
            printf "%d,%d,%.6g,%s,%s,%d,%d,2.5\n", i, t - shift, y * scale, g == "" ? "" : g - shift,
                i == 2 ? "1e300" : 1, i % 5, (i + (t > 4)) % 6
        }
    }' >"$1"
}

fit() {
    local estimator=$1
    shift
    run_split "$REVLIFT" fit "${Y:-y} ~ 1" --data "${DATA:-$BATS_TEST_TMPDIR/p.csv}" --estimator "$estimator" --unit id --time t --cohort g --json "$@"
}

@test "a cluster variable that differs within a unit is refused where influence belongs to units, and said elsewhere" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    for e in cs staggered; do
        fit $e --cluster vary
        [ "$status" -eq 4 ] && [ -z "$out" ]
        has "$err" "'vary' differs between the rows of one 'id': errors cannot cluster by it"
    done
    for e in etwfe sunab bjs did2s; do
        fit $e --cluster vary
        [ "$status" -eq 0 ]
        has "$out" "'vary' differs between the rows of one 'id'"
        fit $e --cluster cl
        [ "$status" -eq 0 ]
        hasnt "$out" "differs between the rows"
    done
    fit etwfe --vcov cluster:id+t # one way holds all rows of a unit
    [ "$status" -eq 0 ]
    hasnt "$out" "differs between the rows"
}

@test "errors by lags need influence by period" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    fit cs --vcov NW
    [ "$status" -eq 4 ]
    has "$err" "NW needs an influence by period"
}

@test "an outcome that does not vary, or varies beyond all numbers, is said" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    for e in cs bjs did2s staggered; do
        Y=flat fit $e
        [ "$status" -eq 0 ]
        has "$out" "no standard error"
    done
    fit cs --base universal # references have none, and that is no news
    [ "$status" -eq 0 ]
    hasnt "$out" "no standard error"
    panel "$BATS_TEST_TMPDIR/p.csv" 0 1e200
    for e in cs staggered; do
        fit $e
        [ "$status" -eq 4 ] && [ -z "$out" ]
        has "$err" "overflows"
    done
}

@test "kinds of comparison and pairs of cohorts are of bacon alone" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    for e in cs sunab etwfe bjs did2s staggered; do
        for agg in type pairs; do
            fit $e --agg $agg
            [ "$status" -eq 2 ]
            has "$err" "--agg type and pairs are of estimator 'bacon'"
        done
    done
}

@test "options of averages by event time are said where there are none" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    for option in "--balance 1" "--window 0:1"; do
        fit cs $option
        [ "$status" -eq 0 ]
        has "$err" "${option%% *} does nothing without --agg dynamic"
        fit cs $option --agg dynamic
        hasnt "$err" "does nothing"
    done
    fit bjs --window 0:1 # of bjs a window makes them
    hasnt "$err" "does nothing"
}

@test "times below zero move labels and nothing else" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    panel "$BATS_TEST_TMPDIR/q.csv" 20
    for e in cs etwfe sunab bjs did2s; do
        fit $e
        [ "$status" -eq 0 ]
        plain=$(printf '%s' "$out" | grep -o '"estimate": .*')
        DATA=$BATS_TEST_TMPDIR/q.csv fit $e
        [ "$status" -eq 0 ]
        [ "$(printf '%s' "$out" | grep -o '"estimate": .*')" = "$plain" ]
    done
}

@test "refusals count the rows of the data and give the reason" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    sed -E 's/^([0-9]+,[3-6]),[^,]*,/\1,,/' "$BATS_TEST_TMPDIR/p.csv" >"$BATS_TEST_TMPDIR/q.csv" # outcomes before 3 only
    DATA=$BATS_TEST_TMPDIR/q.csv
    fit cs
    [ "$status" -eq 4 ]
    has "$err" "no row is treated: the first start is at 3, the last row used at 2 (48 rows used)"
    fit etwfe
    [ "$status" -eq 4 ]
    has "$err" "(48 rows used)"
    DATA=
    sed -E 's/^([0-9]+,[0-9]+,[^,]*,[^,]*),[^,]*/\1,0/' "$BATS_TEST_TMPDIR/p.csv" >"$BATS_TEST_TMPDIR/q.csv" # no weight left
    DATA=$BATS_TEST_TMPDIR/q.csv fit bjs --weights w
    [ "$status" -eq 4 ]
    has "$err" "no row is left of 144: 144 weight 0"
    DATA=
    fit bjs --weights w
    [ "$status" -eq 4 ]
    has "$err" "the weights are too large, or too far apart"
}

@test "--compare lists an estimator that takes no weights or covariates, and goes on" {
    panel "$BATS_TEST_TMPDIR/p.csv"
    fit cs --weights cl --compare
    [ "$status" -eq 0 ]
    has "$out" "takes no weights"
    run_split "$REVLIFT" fit 'y ~ w' --data "$BATS_TEST_TMPDIR/p.csv" --estimator bjs --unit id --time t --cohort g --compare
    [ "$status" -eq 0 ]
    has "$out" "takes no covariates"
}

@test "thousands of cohorts are refused before their covariance is made" {
    awk 'BEGIN { print "id,t,y,g"; for (i = 1; i <= 2600; i++) for (t = 0; t <= 2600; t += 650) print i "," t "," (i * 37 % 101) / 7 + t % 3 "," i }' \
        >"$BATS_TEST_TMPDIR/p.csv"
    fit cs --control notyet
    [ "$status" -eq 4 ] && [ -z "$out" ]
    has "$err" "estimates: the covariance of so many is not made"
}
