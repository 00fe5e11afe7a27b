/* Noise for the study reader: it ends in a study whose parts agree, or in an
 * error of the user's with a sentence and a place; never in anything else. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_memory(size_t bytes, void *user)
{
    (void)user;
    fprintf(stderr, "out of memory: %zu bytes\n", bytes);
    abort();
}

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void check_error(const rl_err *e, size_t size)
{
    must(e->code == RL_EINPUT, "an error has the code of a bad input");
    must(e->what[0] != '\0', "an error has a sentence");
    must(e->file != NULL, "an error names the file");
    must(e->line >= 0 && (size_t)e->line <= size + 2 && e->col >= 0, "a place lies in the file");
    must(e->excerpt == NULL || strlen(e->excerpt) < 2000, "an excerpt is short");
}

static void check_study(const rl_study *s)
{
    must(s->deals.file.given || s->panel.file.given || s->leads.file.given, "a study has data");
    must(s->title != NULL && s->currency != NULL, "texts with a default are there");
    must(s->calendar.kind >= RL_DAY && s->calendar.kind <= RL_YEAR, "the period is one");
    must(s->level >= 0.5 && s->level < 1, "the level is one");
    for (int r = 0; r < RL_RULES_END; r++) must(s->policy[r] <= RL_POLICY_KEEP, "a policy is one");
    for (size_t i = 0; i < s->n_programs; i++)
        must(s->program[i].start.s != NULL || s->program[i].fixed_start != RL_NO_DAY, "a programme starts");
    for (size_t i = 0; i < s->n_models; i++) {
        const rl_model_spec *m = &s->model[i];
        must(m->treatment.s != NULL || m->formula.s != NULL, "a model asks something");
        must(m->estimator.s != NULL, "a model has an estimator");
        must(m->outcome != RL_OUT_COLUMN || m->outcome_column.s != NULL, "a column has a name");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rl_ctx cx;
    rl_study s;
    rl_ctx_init(&cx, 1, 1, no_memory, NULL);
    if (rl_study_parse("fuzz/study.yaml", (const char *)data, size, &s, cx.keep, &cx) == RL_OK)
        check_study(&s);
    else
        check_error(&cx.err, size);
    rl_ctx_free(&cx);
    return 0;
}
