# House rules that a compiler does not know.
# usage: awk -f tests/house.awk src/*/*.[ch]
function say(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
# Is an element of `name` counted up, as in name[..]++?
function counts(text, name,    at, deep, i, c) {
    while (match(text, "(^|[^A-Za-z0-9_])" name "\\[")) {
        text = substr(text, RSTART + RLENGTH)
        for (i = deep = 1; deep > 0 && i <= length(text); i++) {
            c = substr(text, i, 1)
            deep += (c == "[") - (c == "]")
        }
        if (substr(text, i) ~ /^(\+\+| \+= )/) return 1
    }
    return 0
}
FNR == 1 { comment = 0; split(FILENAME, at, "/"); split("", byte) }
FNR == 601 { say("more than 600 lines: split the file") }
/clang-format off/ { by_hand = 1 }
/clang-format on/ || FNR == 1 { by_hand = 0 }
length($0) > 120 && !by_hand { say("more than 120 columns") }
/\t/ { say("a tab") }
/TODO|FIXME|(^|[^X])XXX([^X]|$)/ { say("unfinished work belongs in the issue tracker") }
{
    code = $0                                   # without strings and comments
    gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
    if (comment) { if (!sub(/^.*\*\//, "", code)) next; comment = 0 }
    gsub(/\/\*[^*]*\*\//, "", code); sub(/\/\/.*/, "", code)
    if (sub(/\/\*.*/, "", code)) comment = 1
    if (code ~ /^}/) split("", byte)            # names of bytes last as long as their function
    if (match(code, /(unsigned char|u?int8_t) \*[^()]*(;|=|$)|(unsigned char|u?int8_t) \*[a-z_]+ = RL_NEW.*/)) {
        text = substr(code, RSTART)
        while (match(text, /\*[A-Za-z_]+/)) {
            byte[substr(text, RSTART + 1, RLENGTH - 1)] = 1
            text = substr(text, RSTART + RLENGTH)
        }
    }
    for (name in byte) if (counts(code, name)) say("a byte counts to 255: rl_first_seen() of base/seen.h, or a size_t")
    call = "(^|[^A-Za-z0-9_])"
    if (code ~ call "(malloc|calloc|realloc|strdup|strndup|asprintf)[ ]*\\(" && FILENAME != "src/base/arena.c")
        say("memory comes from base/arena.h")
    if (code ~ call "(exit|abort|_exit|printf|puts|putchar)[ ]*\\(" && at[2] != "app" && FILENAME != "src/base/arena.c")
        say("only app/ prints or ends the program")
    if (code ~ call "stderr([^A-Za-z0-9_]|$)" && FILENAME != "src/app/note.c") say("only app/note.c writes to stderr")
    if (code ~ call "(setlocale|gets|strcat|sprintf|system|rand|random|drand48)[ ]*\\(") say("not in this house: " $0)
}
END { exit bad }
