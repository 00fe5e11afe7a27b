# Who knows estimators by name: the list in CONTRIBUTING.md, and no other file.
# usage: awk -f tests/names.awk CONTRIBUTING.md src/model/est.c src/*/*.c
FILENAME ~ /\.md$/ {
    if (/^#/) here = /Who else knows estimators by name/
    if (here && /^- /)
        for (rest = $0; match(rest, /`src\/[a-z_\/0-9]+\.c`/); rest = substr(rest, RSTART + RLENGTH))
            listed[substr(rest, RSTART + 1, RLENGTH - 2)] = 1
    next
}
FILENAME == "src/model/est.c" {
    if (match($0, /each\([a-z_0-9]+\)/)) {
        name = substr($0, RSTART + 5, RLENGTH - 6); gsub(/_/, "-", name); known[name] = 1
    }
    next
}
# Its own file, and the names of other programs.
FILENAME ~ /\/est_[a-z0-9]+\.c$/ || FILENAME == "src/model/profile.c" || /term/ { next }
/strcmp\(.*name|by_name\(|[^a-z_]is\(|\.name = |NAME\[|^ *\{"/ {
    rest = $0
    while (match(rest, /"[a-z0-9-]+"/)) {
        name = substr(rest, RSTART + 1, RLENGTH - 2); rest = substr(rest, RSTART + RLENGTH)
        if (!(name in known)) continue
        used[FILENAME] = 1
        if (FILENAME in listed) continue
        printf "%s:%d: knows estimator '%s': a trait, or a line in CONTRIBUTING.md\n", FILENAME, FNR, name; bad = 1
    }
}
END {
    for (f in listed) if (!(f in used)) { printf "CONTRIBUTING.md: %s knows no estimator by name\n", f; bad = 1 }
    exit bad
}
