/* out/manifest.c -- the manifest. */
#include "out/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "out/json.h"

const char *rl_relative_path(const char *path, rl_arena *in)
{
    (void)in;
    const char *slash = path ? strrchr(path, '/') : NULL;
    return !path ? "" : path[0] == '/' && slash ? slash + 1 : path;
}

/* Every word, and what stands behind the '=' of one, loses the folders of an absolute path. */
const char *rl_relative_command(const char *command, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    for (const char *p = command ? command : ""; *p;) {
        size_t n = strcspn(p, " =");
        const char *word = rl_strndup(in, p, n);
        rl_str_add(&out, rl_relative_path(word, in));
        p += n;
        if (*p) rl_str_addc(&out, *p++);
    }
    return rl_str_text(&out);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const rl_outfile *)a)->path, ((const rl_outfile *)b)->path);
}

static void add_file(rl_str *s, const char *path, uint64_t bytes, const char *sha, bool last)
{
    rl_str_add(s, "    {\"path\": ");
    rl_json_quote(s, path);
    rl_str_addf(s, ", \"bytes\": %" PRIu64 ", \"sha256\": \"%s\"}%s\n", bytes, sha, last ? "" : ",");
}

static void add_text(rl_str *s, const char *key, const char *text)
{
    rl_str_addf(s, "  \"%s\": ", key);
    rl_json_quote(s, text ? text : "");
    rl_str_add(s, ",\n");
}

const char *rl_manifest_text(const rl_inputs *in, const rl_outfile *out, size_t n, rl_arena *arena)
{
    rl_str s = rl_str_new(arena);
    rl_str_add(&s, "{\n");
    add_text(&s, "program", "revlift");
    add_text(&s, "version", in->version);
    add_text(&s, "numerics", in->numerics);
    rl_str_add(&s, "  \"schema\": 1,\n");
    add_text(&s, "command", rl_relative_command(in->command, arena));
    add_text(&s, "study", rl_relative_path(in->study, arena));
    rl_str_addf(&s, "  \"seed\": %" PRIu64 ",\n  \"inputs\": [\n", in->seed);
    for (size_t i = 0; i < in->n; i++)
        add_file(&s, rl_relative_path(in->file[i].path, arena), in->file[i].bytes, in->file[i].sha256, i + 1 == in->n);
    rl_str_add(&s, "  ],\n  \"outputs\": [\n");
    rl_outfile *sorted = RL_NEW(arena, rl_outfile, n);
    if (n) memcpy(sorted, out, n * sizeof *out);
    qsort(sorted, n, sizeof *sorted, by_path);
    for (size_t i = 0; i < n; i++) add_file(&s, sorted[i].path, sorted[i].bytes, sorted[i].sha256, i + 1 == n);
    rl_str_add(&s, "  ]\n}\n");
    return rl_str_text(&s);
}
