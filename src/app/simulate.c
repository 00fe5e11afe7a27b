#include "app/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/sim.h"
#include "out/simcsv.h"

/* What the table says of each outcome: times, decimals, words. */
static const struct row {
    rl_sim_outcome outcome;
    double times;
    int decimals;
    const char *unit;
} ROWS[] = {{RL_SIM_VALUE, 1, 1, "a treated account and period"},
            {RL_SIM_OPPORTUNITIES, 1, 4, "a treated account and period"},
            {RL_SIM_WINS, 1, 4, "a treated account and period"},
            {RL_SIM_WIN_RATE, 100, 2, "% of deals"},
            {RL_SIM_DEAL_SIZE, 1, 0, "a won deal"},
            {RL_SIM_VELOCITY, 1, 2, "days gained a deal"}};

static void print_figure(rl_str *t, double x, const struct row *r)
{
    if (isnan(x))
        rl_str_addf(t, "%13s", "n/a");
    else
        rl_str_addf(t, "%13.*f", r->decimals, x * r->times);
}

static void print_effects(rl_str *t, const rl_sim *s, const rl_sim_truth *truth)
{
    size_t table = s->n_cohorts * (size_t)s->periods, age = 0;
    while (s->world->age[age] != s->world->horizon) age++;
    rl_sim_effect real[RL_SIM_OUTCOMES], mean[RL_SIM_OUTCOMES];
    rl_sim_effects(truth->realised + age * table, table, 1, real);
    const rl_sim_sums *sums = truth->expected != NULL ? truth->expected : truth->realised;
    rl_sim_effects(sums + age * table, table, truth->expected != NULL ? truth->redraws : 1, mean);
    rl_str_addf(t, "\nEffect on the treated, horizon %d days\n%-14s%13s%13s%13s%13s\n", s->world->horizon, "",
                "without", "with", "realised", "expected");
    for (size_t k = 0; k < sizeof ROWS / sizeof *ROWS; k++) {
        const struct row *r = &ROWS[k];
        rl_str_addf(t, "%-14s", rl_sim_outcome_name(r->outcome));
        print_figure(t, real[r->outcome].without, r);
        print_figure(t, real[r->outcome].with, r);
        print_figure(t, real[r->outcome].effect, r);
        print_figure(t, truth->expected != NULL ? mean[r->outcome].effect : (double)NAN, r);
        rl_str_addf(t, "  %s\n", r->unit);
    }
    rl_str_addf(t, "%-14s%39.0f%13.0f  %s in all\n", "total value", real[RL_SIM_VALUE].total,
                truth->expected != NULL ? mean[RL_SIM_VALUE].total : (double)NAN, s->world->currency);
}

static rl_code print_summary(const rl_sim *s, const rl_simcsv_counts *n, const rl_sim_truth *truth, const char *dir,
                             rl_ctx *cx)
{
    size_t treated = 0;
    rl_str t = rl_str_new(cx->tmp);
    for (size_t c = 0; c < s->n_cohorts; c++) treated += s->cohort_size[c];
    rl_str_addf(
        &t, "%s\n%zu accounts (%zu treated), %llu deals (%llu won, %llu lost, %llu open), %llu touches, %llu leads\n",
        s->world->title, s->n, treated, (unsigned long long)n->deals, (unsigned long long)n->won,
        (unsigned long long)n->lost, (unsigned long long)n->open, (unsigned long long)n->touches,
        (unsigned long long)n->leads);
    if (treated > 0) print_effects(&t, s, truth);
    rl_str_addf(&t, "\nwritten to %s\n", dir);
    if (fputs(rl_str_text(&t), stdout) < 0 || fflush(stdout) != 0)
        return rl_fail(cx, RL_EIO, "cannot write to standard output: %s", strerror(errno));
    return RL_OK;
}

rl_code rl_cmd_simulate(const char *world_path, const char *out_dir, bool has_seed, uint64_t seed, rl_ctx *cx)
{
    rl_world w;
    rl_sim s;
    rl_sim_truth truth;
    rl_simcsv_counts n;
    RL_TRY(rl_world_read(world_path, &w, cx->keep, cx));
    if (has_seed) w.seed = seed;
    rl_sim_make(&w, &s, cx->keep, cx);
    rl_sim_truth_make(&s, w.seed, &truth, cx->keep, cx);
    RL_TRY(rl_simcsv_write(&s, w.seed, 1, out_dir, &n, cx));

    rl_str text = rl_str_new(cx->keep);
    rl_simtruth_text(&s, w.seed, &truth, &text);
    RL_TRY(rl_simcsv_text(out_dir, "truth.json", text.s, text.n, cx));
    text = rl_str_new(cx->keep);
    rl_simstudy_text(&s, w.seed, &text);
    RL_TRY(rl_simcsv_text(out_dir, "study.yaml", text.s, text.n, cx));
    return print_summary(&s, &n, &truth, out_dir, cx);
}
