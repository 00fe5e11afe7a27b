/* The public door.  A call runs inside one setjmp: when memory is gone the
 * arenas' handler jumps back here and the call returns status 5. */
#include "revlift.h"

#include <setjmp.h>

#include "app/fit.h"
#include "app/run.h"
#include "model/solve.h"
#include "out/json_fit.h"
#include "out/results.h"

struct revlift {
    rl_arena *home; /* holds the handle itself                     */
    int threads;
    uint64_t seed;
    rl_ctx cx;     /* of the last run or fit, with its results    */
    jmp_buf gone;  /* where a call goes when memory is            */
    size_t wanted; /* bytes that were not there                   */
    revlift_problem problem;
    const char *json;
    bool answered; /* study, tables and answer hold a study       */
    rl_study study;
    rl_tables tables;
    rl_answer answer;
    revlift_estimate *estimate; /* n_estimates */
    size_t n_estimates;
};

const char *revlift_version(void) { return REVLIFT_VERSION; }

/* --- the handle --------------------------------------------------------------- */

static void no_handle(size_t bytes, void *user)
{
    (void)bytes;
    longjmp(*(jmp_buf *)user, 1);
}

static void no_memory(size_t bytes, void *user)
{
    revlift *r = user;
    r->wanted = bytes;
    longjmp(r->gone, 1);
}

revlift *revlift_open(int threads, uint64_t seed)
{
    jmp_buf gone;
    rl_arena *volatile home = NULL;
    if (setjmp(gone) != 0) {
        rl_arena_free(home);
        return NULL;
    }
    home = rl_arena_new(no_handle, &gone);
    revlift *r = RL_NEW(home, revlift, 1);
    r->home = home;
    r->threads = threads;
    r->seed = seed;
    r->problem = (revlift_problem){.what = "", .hint = ""};
    return r;
}

/* Forget the last results; the context is empty until the call makes one. */
static void forget(revlift *r)
{
    rl_ctx_free(&r->cx);
    r->json = NULL;
    r->answered = false;
    r->estimate = NULL;
    r->n_estimates = 0;
    r->problem = (revlift_problem){.what = "", .hint = ""};
}

void revlift_close(revlift *r)
{
    if (r == NULL) return;
    forget(r);
    rl_arena_free(r->home);
}

/* --- the end of a call --------------------------------------------------------- */

static int finish(revlift *r, rl_code code)
{
    const rl_err *e = &r->cx.err;
    if (code == RL_OK) return 0;
    r->problem = (revlift_problem){rl_exit_status(code), e->file, e->line, e->col, e->what, e->hint};
    return r->problem.status;
}

static int out_of_memory(revlift *r)
{
    forget(r);
    r->problem = (revlift_problem){rl_exit_status(RL_EMEM), NULL, 0, 0, rl_code_text(RL_EMEM), ""};
    return r->problem.status;
}

/* --- estimates as a host sees them ----------------------------------------------- */

static const char *id_text(revlift *r, int32_t id, const char *text)
{
    if (text != NULL || id == RL_NO_ID) return text;
    return rl_sprintf(r->cx.keep, "%d", (int)id);
}

static void add_estimates(revlift *r, const char *model, const rl_result *from)
{
    for (size_t i = 0; i < from->m; i++) {
        const rl_estimate *e = &from->est[i];
        const rl_label *l = &e->label;
        r->estimate[r->n_estimates++] = (revlift_estimate){.model = model,
                                                           .term = l->term,
                                                           .group = id_text(r, l->group, l->group_text),
                                                           .time = id_text(r, l->time, l->time_text),
                                                           .event = l->event == RL_NO_ID ? REVLIFT_NONE : l->event,
                                                           .estimate = e->estimate,
                                                           .std_error = e->std_error,
                                                           .statistic = e->statistic,
                                                           .p_value = e->p_value,
                                                           .conf_low = e->conf_low,
                                                           .conf_high = e->conf_high,
                                                           .df = e->df};
    }
}

/* --- a study --------------------------------------------------------------------- */

static rl_code run(revlift *r, const char *path)
{
    rl_ctx *cx = &r->cx;
    size_t most = 0;
    RL_TRY(rl_study_read(path, &r->study, cx->keep, cx));
    if (r->study.has_seed) cx->seed = r->study.seed;
    if (rl_tables_read(&r->study, false, &r->tables, cx->keep, cx) != RL_OK) return rl_study_place(&r->study, cx);
    RL_TRY(rl_fit_faults(&r->tables.faults, cx));
    RL_TRY(rl_faults_locate(&r->tables.faults, cx));
    RL_TRY(rl_solve(&r->tables, &r->answer, cx));
    r->answered = true;
    rl_inputs inputs;
    RL_TRY(rl_run_inputs(&r->study, &inputs, cx));
    r->json = rl_results_text(&r->answer, inputs.file, cx->keep);
    for (size_t i = 0; i < r->answer.n_models; i++) most += r->answer.model[i].main.m;
    r->estimate = RL_NEW(cx->keep, revlift_estimate, most);
    for (size_t i = 0; i < r->answer.n_models; i++) {
        const rl_model_answer *m = &r->answer.model[i];
        if (m->status == RL_MODEL_DONE) add_estimates(r, m->spec->name, &m->main);
    }
    return rl_run_verdict(&r->answer, false, cx);
}

int revlift_run(revlift *r, const char *study_path)
{
    forget(r);
    if (setjmp(r->gone) != 0) return out_of_memory(r);
    rl_ctx_init(&r->cx, r->threads, r->seed, no_memory, r);
    return finish(r, run(r, study_path));
}

static rl_code write_all(revlift *r, const char *dir)
{
    rl_inputs inputs;
    rl_forgive(&r->cx); /* a refused model has been told by revlift_run() */
    if (!r->answered) {
        (void)rl_fail(&r->cx, RL_EUSAGE, "there is no study to write");
        return rl_hint(&r->cx, "call revlift_run() first");
    }
    RL_TRY(rl_run_inputs(&r->study, &inputs, &r->cx));
    return rl_report_write(&r->answer, &inputs, dir, &r->cx);
}

int revlift_write(revlift *r, const char *dir)
{
    if (setjmp(r->gone) != 0) return out_of_memory(r);
    if (r->cx.keep == NULL) rl_ctx_init(&r->cx, r->threads, r->seed, no_memory, r);
    r->problem = (revlift_problem){.what = "", .hint = ""};
    return finish(r, write_all(r, dir));
}

/* --- one model --------------------------------------------------------------------- */

static rl_code fit(revlift *r, const char *formula, const char *const *options)
{
    rl_ctx *cx = &r->cx;
    rl_fit_args a;
    rl_result result;
    size_t n = 0;
    while (options != NULL && options[n] != NULL) n++;
    const char **call = RL_NEW(cx->keep, const char *, n + 2);
    rl_fit_args_init(&a, formula);
    if (n % 2 != 0) return rl_fail(cx, RL_EUSAGE, "option '%s' needs a value", options[n - 1]);
    call[0] = "fit", call[1] = formula;
    for (size_t i = 0; i < n; i += 2) {
        RL_TRY(rl_fit_option(&a, options[i], options[i + 1], cx));
        call[i + 2] = rl_sprintf(cx->keep, "--%s", options[i]);
        call[i + 3] = options[i + 1];
    }
    RL_TRY(rl_fit_finish(&a, cx));
    RL_TRY(rl_fit_run(&a, &result, cx));
    r->json = rl_json_fit(&result, call, n + 2, cx->keep);
    r->estimate = RL_NEW(cx->keep, revlift_estimate, result.m);
    add_estimates(r, NULL, &result);
    return RL_OK;
}

int revlift_fit(revlift *r, const char *formula, const char *const *options)
{
    forget(r);
    if (setjmp(r->gone) != 0) return out_of_memory(r);
    rl_ctx_init(&r->cx, r->threads, r->seed, no_memory, r);
    return finish(r, fit(r, formula, options));
}

/* --- reading ------------------------------------------------------------------------ */

const revlift_problem *revlift_error(const revlift *r) { return &r->problem; }
const char *revlift_json(const revlift *r) { return r->json; }
size_t revlift_n_estimates(const revlift *r) { return r->n_estimates; }

const revlift_estimate *revlift_estimate_at(const revlift *r, size_t i)
{
    return i < r->n_estimates ? &r->estimate[i] : NULL;
}

size_t revlift_n_notes(const revlift *r) { return r->cx.n_notes; }
const char *revlift_note_at(const revlift *r, size_t i) { return i < r->cx.n_notes ? r->cx.note[i].text : NULL; }
