#include "app/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/note.h"
#include "out/csv_out.h"

enum { SHOWN = 20, EXAMPLES = 3, RULES_WIDE = 260 };

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

static void show_faults(const rl_faults *f, size_t *shown)
{
    for (size_t i = 0; i < f->n && *shown < SHOWN; i++) {
        if (!is_fatal(f, &f->fault[i])) continue;
        show_fault(&f->fault[i]);
        ++*shown;
    }
}

static rl_code refuse(const rl_faults *f, rl_ctx *cx)
{
    size_t shown = 0, fatal = rl_faults_fatal(f);
    rl_str rules = rl_str_new(cx->keep);
    show_faults(f, &shown);
    for (int r = 0; r < RL_RULES_END; r++) {
        if (f->count[r] == 0 || f->policy[r] != RL_POLICY_ERROR) continue;
        if (rules.n > RULES_WIDE) {
            rl_str_add(&rules, ", ..");
            break;
        }
        rl_str_addf(&rules, "%s%s %zu", rules.n > 0 ? ", " : "", rl_rule_name((rl_rule)r), f->count[r]);
    }
    rl_fail(cx, RL_EINPUT, "the data has %zu fault%s that must be settled first (%s)", fatal, fatal == 1 ? "" : "s",
            rl_str_text(&rules));
    if (fatal > shown)
        return rl_hint(
            cx,
            "%zu more are not shown: --rejects FILE writes all; most rules can be set to drop under `study: rules:`",
            fatal - shown);
    return rl_hint(cx, "correct the files, or let a rule drop such rows, as in `study: rules: {duplicate-deal: drop}`");
}

static rl_code write_rejects(const rl_faults *f, const char *path, rl_ctx *cx)
{
    rl_str text = rl_str_new(cx->keep);
    rl_str_add(&text, "file,line,column,rule,policy,what,hint\n");
    for (size_t i = 0; i < f->n; i++) {
        const rl_fault *x = &f->fault[i];
        rl_csv_text_cell(&text, x->file != NULL ? x->file->name : "");
        rl_str_addf(&text, ",%d,%d,%s,%s,", x->line, x->col, rl_rule_name(x->rule), rl_policy_name(f->policy[x->rule]));
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

/* The rejects must not be written over what they come from. */
static rl_code check_rejects(const char *path, rl_study *study, rl_ctx *cx)
{
    struct stat to, from;
    size_t n;
    if (path == NULL || stat(path, &to) != 0) return RL_OK;
    rl_file **file = rl_study_files(study, &n, cx->tmp);
    for (size_t i = 0; i <= n; i++) {
        const char *input = i < n ? file[i]->source.path : study->path;
        if (i < n && !file[i]->given) continue;
        if (stat(input, &from) != 0 || from.st_dev != to.st_dev || from.st_ino != to.st_ino) continue;
        rl_fail(cx, RL_EUSAGE, "--rejects '%s' would overwrite an input of the study", path);
        return rl_hint(cx, "give a file that does not exist yet");
    }
    return RL_OK;
}

/* --- files that are no CSV ------------------------------------------------------ */

/* What stands between a study and its tables: files that could not be read, and
 * the faults found in them above the place where they broke. */
typedef struct broken {
    rl_err *err; /* n */
    size_t n;
    rl_fault *fault; /* n_faults */
    size_t n_faults;
} broken;

/* Take the file of the failure out of the study, if the others can be read without it. */
static bool set_aside(rl_study *study, const char *name, rl_ctx *cx)
{
    size_t n, taken = 0;
    rl_file **file = rl_study_files(study, &n, cx->tmp);
    if (name == NULL) return false;
    for (size_t i = 0; i < study->deals.n_lookup; i++)
        if (strcmp(study->deals.lookup[i].file.source.name, name) == 0) return false;
    for (size_t i = 0; i < n; i++) {
        if (!file[i]->given || strcmp(file[i]->source.name, name) != 0) continue;
        file[i]->given = false;
        taken++;
    }
    return taken > 0;
}

static bool note_broken(broken *b, rl_study *study, const rl_faults *f, rl_ctx *cx)
{
    const char *name = cx->err.file;
    if (cx->err.code != RL_EINPUT) return false;
    rl_study_place(study, cx);
    bool aside = set_aside(study, name, cx);
    if (!aside && b->n > 0) return false; /* perhaps only because a file is missing now */
    b->err = rl_regrow(cx->keep, b->err, b->n, b->n + 1, sizeof *b->err);
    b->err[b->n++] = cx->err;
    for (size_t i = 0; i < f->n; i++) {
        if (name == NULL || strcmp(f->fault[i].file->name, name) != 0) continue;
        b->fault = rl_regrow(cx->keep, b->fault, b->n_faults, b->n_faults + 1, sizeof *b->fault);
        b->fault[b->n_faults++] = f->fault[i];
    }
    return aside;
}

static void add_back(const broken *b, rl_faults *f)
{
    static const rl_rule across[] = {RL_RULE_DEAL_ACCOUNT, RL_RULE_TOUCH_DEAL,   RL_RULE_TOUCH_ACCT,
                                     RL_RULE_SPEND_UNIT,   RL_RULE_PROGRAM_UNIT, RL_RULE_LOOKUP};
    for (size_t r = 0; r < sizeof across / sizeof *across; r++) /* unknown perhaps for want of a file */
        f->policy[across[r]] = RL_POLICY_KEEP;
    f->fault = rl_regrow(f->in, f->fault, f->n, f->n + b->n_faults, sizeof *f->fault);
    f->cap = f->n + b->n_faults;
    for (size_t i = 0; i < b->n_faults; i++) {
        f->count[b->fault[i].rule]++;
        f->fault[f->n++] = b->fault[i];
    }
}

/* A file that is no CSV ends its own reading, not that of the others: the tables
 * are read again without it, so that one run tells the faults of all files. */
static rl_code read_tables(rl_study *study, bool keep_all, rl_tables *tables, broken *b, rl_ctx *cx)
{
    while (rl_tables_read(study, keep_all, tables, cx->keep, cx) != RL_OK) {
        bool again = note_broken(b, study, &tables->faults, cx);
        if (!again && b->n == 0) return cx->err.code;
        rl_forgive(cx);
        if (!again) break;
    }
    if (b->n > 0) add_back(b, &tables->faults);
    return RL_OK;
}

/* The last thing to say is left in the context. */
static rl_code refuse_all(const broken *b, const rl_faults *f, rl_ctx *cx)
{
    bool faults = rl_faults_fatal(f) > 0;
    size_t told = faults ? b->n : b->n - 1;
    for (size_t i = 0; i < told; i++) rl_note_error(&b->err[i]);
    if (faults) return refuse(f, cx);
    cx->err = b->err[told];
    return cx->err.code;
}

rl_code rl_load(const rl_opts *o, rl_study *study, rl_tables *tables, rl_ctx *cx)
{
    const char *rejects = rl_opts_value(o, "rejects");
    broken b = {.n = 0};
    RL_TRY(rl_study_read(o->arg[0], study, cx->keep, cx));
    RL_TRY(check_rejects(rejects, study, cx));
    if (study->has_seed && !o->has_seed) cx->seed = study->seed;
    RL_TRY(read_tables(study, rejects != NULL, tables, &b, cx));
    rl_faults *f = &tables->faults;
    if (rejects == NULL) keep_shown(f);
    RL_TRY(rl_faults_locate(f, cx));
    if (rejects != NULL) RL_TRY(write_rejects(f, rejects, cx));
    rl_arena_reset(cx->tmp);
    return b.n > 0 ? refuse_all(&b, f, cx) : rl_faults_fatal(f) > 0 ? refuse(f, cx) : RL_OK;
}
