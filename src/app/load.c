#include "app/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/note.h"
#include "out/csv_out.h"

enum { SHOWN = 20, EXAMPLES = 3 };

static bool is_fatal(const rl_faults *f, const rl_fault *x) { return f->policy[x->rule] == RL_POLICY_ERROR; }

/* Only what will be shown is looked up in the files again: the first faults
 * that stop the run, and a few examples of each rule for the report. */
static void keep_shown(rl_faults *f)
{
    size_t kept[RL_RULES_END] = {0}, fatal = 0, n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const rl_fault x = f->fault[i];
        bool show = (is_fatal(f, &x) && fatal++ < SHOWN) || kept[x.rule] < EXAMPLES;
        kept[x.rule]++;
        if (show) f->fault[n++] = x;
    }
    f->n = n;
}

static void show_fault(const rl_fault *x)
{
    rl_err e = {.code = RL_EINPUT, .file = x->file != NULL ? x->file->name : NULL, .line = x->line, .col = x->col};
    snprintf(e.what, sizeof e.what, "%s", x->what);
    if (x->hint != NULL) snprintf(e.hint, sizeof e.hint, "%s", x->hint);
    e.excerpt = (char *)(uintptr_t)x->excerpt;
    rl_note_error(&e);
}

static rl_code refuse(const rl_faults *f, rl_ctx *cx)
{
    size_t shown = 0, fatal = rl_faults_fatal(f);
    char rules[300] = "";
    for (size_t i = 0; i < f->n && shown < SHOWN; i++) {
        if (!is_fatal(f, &f->fault[i])) continue;
        show_fault(&f->fault[i]);
        shown++;
    }
    for (int r = 0; r < RL_RULES_END; r++) {
        if (f->count[r] == 0 || f->policy[r] != RL_POLICY_ERROR) continue;
        size_t at = strlen(rules);
        snprintf(rules + at, sizeof rules - at, "%s%s %zu", at > 0 ? ", " : "", rl_rule_name((rl_rule)r), f->count[r]);
    }
    rl_fail(cx, RL_EINPUT, "the data has %zu fault%s that must be settled first (%s)", fatal, fatal == 1 ? "" : "s",
            rules);
    if (fatal > shown)
        return rl_hint(
            cx, "%zu more are not shown: --rejects FILE writes all; a rule can be set to drop or keep under `rules`",
            fatal - shown);
    return rl_hint(cx, "correct the files, or set a rule to drop or keep under `rules` in the study");
}

static rl_code write_rejects(const rl_faults *f, const char *path, rl_ctx *cx)
{
    rl_str text = rl_str_new(cx->keep);
    rl_str_add(&text, "file,line,column,rule,policy,what,hint\n");
    static const char *const POLICY[] = {"error", "drop", "keep"};
    for (size_t i = 0; i < f->n; i++) {
        const rl_fault *x = &f->fault[i];
        rl_csv_text_cell(&text, x->file != NULL ? x->file->name : "");
        rl_str_addf(&text, ",%d,%d,%s,%s,", x->line, x->col, rl_rule_name(x->rule), POLICY[f->policy[x->rule]]);
        rl_csv_text_cell(&text, x->what);
        rl_str_addc(&text, ',');
        rl_csv_text_cell(&text, x->hint != NULL ? x->hint : "");
        rl_str_addc(&text, '\n');
    }
    FILE *out = fopen(path, "w");
    bool bad = out == NULL || fwrite(rl_str_text(&text), 1, text.n, out) != text.n;
    if (out != NULL && fclose(out) != 0) bad = true;
    return bad ? rl_fail_at(cx, RL_EIO, path, 0, 0, "cannot write the rejects: %s", strerror(errno)) : RL_OK;
}

rl_code rl_load(const rl_opts *o, rl_study *study, rl_tables *tables, rl_ctx *cx)
{
    const char *rejects = rl_opts_value(o, "rejects");
    RL_TRY(rl_study_read(o->arg[0], study, cx->keep, cx));
    if (study->has_seed && !o->has_seed) cx->seed = study->seed;
    RL_TRY(rl_tables_read(study, rejects != NULL, tables, cx->keep, cx));
    rl_faults *f = &tables->faults;
    if (rejects == NULL) keep_shown(f);
    RL_TRY(rl_faults_locate(f, cx));
    if (rejects != NULL) RL_TRY(write_rejects(f, rejects, cx));
    rl_arena_reset(cx->tmp);
    return rl_faults_fatal(f) > 0 ? refuse(f, cx) : RL_OK;
}
