#include "app/run.h"

#include <stdio.h>
#include <string.h>

#include "app/load.h"
#include "base/hash.h"
#include "model/solve.h"
#include "out/check_text.h"
#include "out/report.h"
#include "out/results.h"
#include "out/text.h"
#include "revlift.h"

/* Changes when a reported figure may change for the same inputs. */
#define NUMERICS "1"

/* --- what went in ---------------------------------------------------------- */
typedef struct files {
    rl_input_file *f;
    size_t n;
} files;

static rl_code add_file(files *fs, const char *path, const char *name, rl_ctx *cx)
{
    for (size_t i = 0; i < fs->n; i++)
        if (strcmp(fs->f[i].path, name) == 0) return RL_OK;
    fs->f = rl_regrow(cx->keep, fs->f, fs->n, fs->n + 1, sizeof *fs->f);
    rl_input_file *f = &fs->f[fs->n++];
    f->path = name;
    return rl_sha256_file(path, f->sha256, &f->bytes, cx);
}

static rl_code add_source(files *fs, const rl_file *f, rl_ctx *cx)
{
    return f->given ? add_file(fs, f->source.path, f->source.name, cx) : RL_OK;
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static rl_code find_inputs(const rl_study *s, files *fs, rl_ctx *cx)
{
    RL_TRY(add_file(fs, s->path, last_name(s->path), cx));
    RL_TRY(add_source(fs, &s->deals.file, cx));
    for (size_t i = 0; i < s->deals.n_lookup; i++) RL_TRY(add_source(fs, &s->deals.lookup[i].file, cx));
    RL_TRY(add_source(fs, &s->accounts.file, cx));
    RL_TRY(add_source(fs, &s->leads.file, cx));
    RL_TRY(add_source(fs, &s->leads.won_file, cx));
    RL_TRY(add_source(fs, &s->touches.file, cx));
    RL_TRY(add_source(fs, &s->spend.file, cx));
    RL_TRY(add_source(fs, &s->market.file, cx));
    RL_TRY(add_source(fs, &s->panel.file, cx));
    RL_TRY(add_source(fs, &s->money.ledger.file, cx));
    for (size_t i = 0; i < s->n_programs; i++) RL_TRY(add_source(fs, &s->program[i].file, cx));
    return RL_OK;
}

static const char *default_dir(const char *study, rl_ctx *cx)
{
    const char *name = last_name(study), *dot = strrchr(name, '.');
    return rl_sprintf(cx->keep, "out/%.*s", (int)(dot != NULL && dot > name ? dot - name : (long)strlen(name)), name);
}

rl_code rl_run_verdict(const rl_answer *a, bool strict, rl_ctx *cx)
{
    if (a->primary_refused) {
        const char *why = a->n_unanswered > 0 ? a->unanswered[0].why : "the study has no model";
        for (size_t i = 0; i < a->n_models; i++)
            if (a->model[i].status == RL_MODEL_REFUSED && a->model[i].spec->primary) why = a->model[i].refused.what;
        return rl_fail(cx, RL_EDATA, "no lift: %s", why);
    }
    return strict && a->diagnostic_failed ? RL_EDIAG : RL_OK;
}

rl_code rl_run_inputs(const rl_study *study, rl_inputs *out, rl_ctx *cx)
{
    files in = {.n = 0};
    RL_TRY(find_inputs(study, &in, cx));
    *out = (rl_inputs){.version = REVLIFT_VERSION,
                       .numerics = NUMERICS,
                       .study = last_name(study->path),
                       .seed = cx->seed,
                       .n = in.n,
                       .file = in.f};
    out->command = rl_sprintf(cx->keep, "revlift run %s", out->study);
    return RL_OK;
}

rl_code rl_cmd_run(const rl_opts *o, rl_ctx *cx)
{
    const char *given = rl_opts_value(o, "output"), *dir = given != NULL ? given : default_dir(o->arg[0], cx);
    rl_study study;
    rl_tables tables;
    rl_answer answer;
    rl_inputs inputs;
    RL_TRY(rl_load(o, &study, &tables, cx));
    RL_TRY(rl_solve(&tables, &answer, cx));
    RL_TRY(rl_run_inputs(&study, &inputs, cx));
    rl_progress(cx, "report", 0.9);
    RL_TRY(rl_report_write(&answer, &inputs, dir, cx));
    if (o->json)
        fputs(rl_results_text(&answer, inputs.file, cx->keep), stdout);
    else if (!o->quiet)
        fputs(rl_text_answer(&answer, dir, cx->keep), stdout);
    return rl_run_verdict(&answer, o->strict, cx);
}

rl_code rl_cmd_check(const rl_opts *o, rl_ctx *cx)
{
    rl_study study;
    rl_tables tables;
    rl_answer answer;
    RL_TRY(rl_load(o, &study, &tables, cx));
    RL_TRY(rl_solve_design(&tables, &answer, cx));
    RL_TRY(rl_solve_questions(&tables, &answer, cx));
    rl_inputs inputs;
    rl_str text = rl_str_new(cx->keep);
    RL_TRY(rl_run_inputs(&study, &inputs, cx));
    if (!o->json) rl_check_text(&answer, &text, cx);
    fputs(o->json ? rl_results_text(&answer, inputs.file, cx->keep) : rl_str_text(&text), stdout);
    return RL_OK;
}
