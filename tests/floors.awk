# Headers live beside their sources, so an include names its floor:
#   app > out > model > {data, num} > base;  data and num never meet.
# usage: awk -f tests/floors.awk src/*/*.[ch]
BEGIN {
    may["base"] = " base "; may["data"] = " data base "; may["num"] = " num base "
    may["model"] = " model data num base "; may["out"] = " out" may["model"]; may["app"] = " app" may["out"]
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split(FILENAME, at, "/"); split($0, quoted, "\""); if (!split(quoted[2], to, "/")) next
    if (to[2] != "" && !index(may[at[2]], " " to[1] " ")) { printf "%s:%d: '%s' must not include '%s'\n", FILENAME, FNR, at[2], to[1]; bad = 1 }
}
END { exit bad }
