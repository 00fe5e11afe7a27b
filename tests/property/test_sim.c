/* What must hold of every simulated company. */
#include "check.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "model/sim.h"
#include "out/simcsv.h"

static const char *const TINY =
    "world: {title: tiny, seed: 901, redraws: 0, periods: 9, cut: 2025-12-31, horizon: 120, ages: [45, 300]}\n"
    "accounts: {count: 83, names: company}\n"
    "deals: {rate: 0.9, lost_cycle: 0.7, win_market: 0.1}\n"
    "rollout: {share: 0.55, waves: [2024-01-01, 2024-05-20], jitter: 17, duration: 450, selection: 0.4}\n"
    "effect: {volume: 0.4, win_rate: 0.15, deal_size: 0.2, cycle: -0.2, lag: 20}\n";

static const char *const NO_EFFECT = "effect: {volume: 0, win_rate: 0, deal_size: 0, cycle: 0}\n";

static void parse(const char *text, rl_world *w, rl_ctx *cx)
{
    CHECK_OK(rl_world_parse("w.yaml", text, strlen(text), w, cx->keep, cx), cx);
}

/* ------------------------------------------------------------ directories */

static const char *const FILES[] = {"accounts.csv", "deals.csv",  "leads.csv",  "touches.csv", "spend.csv",
                                    "programs.csv", "market.csv", "truth.json", "study.yaml"};
enum { N_FILES = sizeof FILES / sizeof FILES[0], PROGRAMS = 5 };

static char *new_dir(rl_ctx *cx)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = rl_sprintf(cx->keep, "%s/revlift-sim-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void remove_dir(const char *dir, rl_ctx *cx)
{
    for (int i = 0; i < N_FILES; i++) unlink(rl_sprintf(cx->keep, "%s/%s", dir, FILES[i]));
    if (rmdir(dir) != 0) fail_msg("something else was left in %s", dir);
}

/* Everything `simulate` writes. */
static void write_all(const rl_world *w, int arm, const char *dir, rl_simcsv_counts *n, rl_ctx *cx)
{
    rl_sim s;
    rl_sim_truth t;
    rl_sim_make(w, &s, cx->keep, cx);
    rl_sim_truth_make(&s, w->seed, &t, cx->keep, cx);
    CHECK_OK(rl_simcsv_write(&s, w->seed, arm, dir, n, cx), cx);
    rl_str text = rl_str_new(cx->keep);
    rl_simtruth_text(&s, w->seed, &t, &text);
    CHECK_OK(rl_simcsv_text(dir, "truth.json", text.s, text.n, cx), cx);
    text = rl_str_new(cx->keep);
    rl_simstudy_text(&s, w->seed, &text);
    CHECK_OK(rl_simcsv_text(dir, "study.yaml", text.s, text.n, cx), cx);
}

static bool same_bytes(const char *a, const char *b, const char *file, rl_ctx *cx)
{
    char x[65], y[65];
    uint64_t n;
    CHECK_OK(rl_sha256_file(rl_sprintf(cx->keep, "%s/%s", a, file), x, &n, cx), cx);
    CHECK_OK(rl_sha256_file(rl_sprintf(cx->keep, "%s/%s", b, file), y, &n, cx), cx);
    return strcmp(x, y) == 0;
}

/* ------------------------------------------------------------ the properties */

static void threads_change_nothing(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_simcsv_counts n;
    check_ctx(&cx);
    parse(TINY, &w, &cx);
    w.redraws = 131; /* more than two batches */
    char *dir[2] = {new_dir(&cx), new_dir(&cx)};
    for (int k = 0; k < 2; k++) {
        cx.threads = 1 + k;
        write_all(&w, 1, dir[k], &n, &cx);
    }
    for (int i = 0; i < N_FILES; i++)
        if (!same_bytes(dir[0], dir[1], FILES[i], &cx)) fail_msg("%s differs", FILES[i]);
    for (int k = 0; k < 2; k++) remove_dir(dir[k], &cx);
    rl_ctx_free(&cx);
}

/* Without effects the two arms are one company, file by file; and the arm
 * without the programme does not know how large the effects would be. */
static void no_effect_no_difference(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world with, none;
    rl_simcsv_counts n[3];
    check_ctx(&cx);
    parse(TINY, &with, &cx);
    const char *none_text = rl_sprintf(cx.keep, "%.*s%s", (int)(strstr(TINY, "effect:") - TINY), TINY, NO_EFFECT);
    parse(none_text, &none, &cx);
    with.touches.program = none.touches.program = with.spend.program = none.spend.program = 0;
    char *dir[3] = {new_dir(&cx), new_dir(&cx), new_dir(&cx)};
    write_all(&none, 0, dir[0], &n[0], &cx);
    write_all(&none, 1, dir[1], &n[1], &cx);
    write_all(&with, 0, dir[2], &n[2], &cx);
    for (int i = 0; i < PROGRAMS; i++) {
        if (!same_bytes(dir[0], dir[1], FILES[i], &cx)) fail_msg("%s differs between arms", FILES[i]);
        if (i != 1 && !same_bytes(dir[0], dir[2], FILES[i], &cx)) fail_msg("%s differs between worlds", FILES[i]);
    }
    assert_false(same_bytes(dir[0], dir[1], FILES[PROGRAMS], &cx));
    for (int k = 0; k < 3; k++) remove_dir(dir[k], &cx);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ brute force */

typedef struct line {
    char *field[12];
} line;

/* Split a CSV line in place: quotes are understood, line breaks inside them are not. */
static size_t split(char *s, line *l)
{
    size_t n = 0;
    while (*s != '\0' && n < 12) {
        char *to = s;
        bool quoted = *s == '"';
        l->field[n++] = s;
        if (quoted) s++;
        for (; *s != '\0' && *s != '\n' && (quoted || *s != ','); s++) {
            if (quoted && *s == '"') {
                if (s[1] != '"') {
                    s++;
                    break;
                }
                s++;
            }
            *to++ = *s;
        }
        char was = *s;
        *to = '\0';
        if (was != ',') break;
        s++;
    }
    return n;
}

/* A company's deals and programme as the files have them. */
typedef struct filed {
    size_t n;
    struct {
        char account[80];
        int32_t created, closed;
        bool won;
        double amount;
    } deal[4000];
    size_t treated;
    struct {
        char account[80];
        int32_t start, end;
    } span[200];
} filed;

static int32_t day_of(const char *s)
{
    int32_t d;
    return rl_day_parse(s, strlen(s), &d) ? d : RL_NO_DAY;
}

static filed *read_back(const char *dir, rl_ctx *cx)
{
    filed *f = RL_NEW(cx->keep, filed, 1);
    char text[512];
    line l;
    FILE *in = fopen(rl_sprintf(cx->keep, "%s/deals.csv", dir), "r");
    assert_non_null(fgets(text, sizeof text, in));
    for (; fgets(text, sizeof text, in) != NULL; f->n++) {
        assert_int_equal(split(text, &l), 9);
        snprintf(f->deal[f->n].account, 80, "%s", l.field[1]);
        f->deal[f->n].created = day_of(l.field[5]);
        f->deal[f->n].closed = day_of(l.field[6]);
        f->deal[f->n].won = strcmp(l.field[7], "Won") == 0;
        f->deal[f->n].amount = atof(l.field[8]);
    }
    fclose(in);
    in = fopen(rl_sprintf(cx->keep, "%s/programs.csv", dir), "r");
    assert_non_null(fgets(text, sizeof text, in));
    for (; fgets(text, sizeof text, in) != NULL; f->treated++) {
        assert_true(split(text, &l) >= 2);
        snprintf(f->span[f->treated].account, 80, "%s", l.field[0]);
        f->span[f->treated].start = day_of(l.field[1]);
        f->span[f->treated].end = f->span[f->treated].start + 450;
        assert_int_equal(day_of(l.field[2]) + 1, f->span[f->treated].end); /* the file has the last day with it */
    }
    fclose(in);
    return f;
}

/* Quarter number of a day, from 2023Q3 = 0, and back. */
static int quarter_of(int32_t d)
{
    int y, m, k;
    rl_civil(d, &y, &m, &k);
    return (y - 2023) * 4 + (m - 1) / 3 - 2;
}

static int32_t quarter_first(int q) { return rl_day(2023 + (q + 2) / 4, 3 * ((q + 2) % 4) + 1, 1); }

typedef struct sums {
    double cells, deals, wins, amount, saved;
} sums;

/* From the definition: treated accounts, quarters after the start with h days of follow-up. */
static sums brute(const filed *f, const filed *program, int h, int32_t cut, int only_quarter)
{
    sums y = {0};
    for (size_t a = 0; a < program->treated; a++)
        for (int q = 0; q < 9; q++) {
            int32_t first = quarter_first(q), last = quarter_first(q + 1) - 1;
            if (only_quarter >= 0 && q != only_quarter) continue;
            if (first < program->span[a].start || last + h > cut || last + h > program->span[a].end) continue;
            y.cells++;
            for (size_t i = 0; i < f->n; i++) {
                if (strcmp(f->deal[i].account, program->span[a].account) != 0) continue;
                if (quarter_of(f->deal[i].created) != q) continue;
                int days = f->deal[i].closed - f->deal[i].created;
                y.deals++;
                if (!f->deal[i].won || days > h) continue;
                y.wins++;
                y.amount += f->deal[i].amount;
                y.saved += h - days;
            }
        }
    return y;
}

static void truth_equals_brute_force(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    rl_sim_truth t;
    rl_simcsv_counts n;
    check_ctx(&cx);
    parse(TINY, &w, &cx);
    char *dir[2] = {new_dir(&cx), new_dir(&cx)};
    filed *f[2];
    for (int k = 0; k < 2; k++) {
        write_all(&w, k, dir[k], &n, &cx);
        f[k] = read_back(dir[k], &cx);
        assert_int_equal(f[k]->n, n.deals);
    }
    rl_sim_make(&w, &s, cx.keep, &cx);
    rl_sim_truth_make(&s, w.seed, &t, cx.keep, &cx);
    size_t T = (size_t)s.periods, table = s.n_cohorts * T;
    assert_int_equal(w.n_ages, 3);
    for (size_t g = 0; g < w.n_ages; g++) {
        rl_sim_effect e[RL_SIM_OUTCOMES];
        rl_sim_effects(t.realised + g * table, table, 1, e);
        sums a = brute(f[0], f[1], w.age[g], w.cut, -1), b = brute(f[1], f[1], w.age[g], w.cut, -1);
        assert_true(a.cells > (g == 2 ? 5 : 50));
        CHECK_DIGITS(e[RL_SIM_VALUE].effect, (b.amount - a.amount) / a.cells, 13);
        CHECK_DIGITS(e[RL_SIM_OPPORTUNITIES].effect, (b.deals - a.deals) / a.cells, 13);
        CHECK_DIGITS(e[RL_SIM_WINS].total, b.wins - a.wins, 15);
        CHECK_DIGITS(e[RL_SIM_WIN_RATE].with, b.wins / b.deals, 15);
        CHECK_DIGITS(e[RL_SIM_WIN_RATE].pooled, b.wins / b.deals - a.wins / a.deals, 12);
        CHECK_DIGITS(e[RL_SIM_DEAL_SIZE].pooled, b.amount / b.wins - a.amount / a.wins, 10);
        CHECK_DIGITS(e[RL_SIM_VELOCITY].pooled, b.saved / b.deals - a.saved / a.deals, 12);
        for (int q = 0; q < s.periods; q++) {
            rl_sim_sums all = {0};
            for (size_t c = 0; c < s.n_cohorts; c++) {
                const rl_sim_sums *x = &t.realised[g * table + c * T + (size_t)q];
                all.cells += x->cells;
                all.wins[0] += x->wins[0];
                all.amount[1] += x->amount[1];
            }
            assert_true((double)all.cells == brute(f[1], f[1], w.age[g], w.cut, q).cells);
            assert_true((double)all.wins[0] == brute(f[0], f[1], w.age[g], w.cut, q).wins);
            assert_true((double)all.amount[1] == brute(f[1], f[1], w.age[g], w.cut, q).amount);
        }
    }
    for (int k = 0; k < 2; k++) remove_dir(dir[k], &cx);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ expectations */

/* The expected number of extra opportunities follows from the knobs alone. */
static void expected_opportunities_are_known(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    rl_sim_truth t;
    check_ctx(&cx);
    parse(TINY, &w, &cx);
    w.redraws = 600;
    rl_sim_make(&w, &s, cx.keep, &cx);
    rl_sim_truth_make(&s, w.seed, &t, cx.keep, &cx);
    size_t table = s.n_cohorts * (size_t)s.periods, age = 1;
    assert_int_equal(w.age[age], w.horizon);
    double extra = 0, cells = 0;
    for (size_t i = 0; i < s.n; i++)
        for (int q = 0; q < s.periods; q++) {
            if (!rl_sim_counted(&s, i, q, w.horizon)) continue;
            const rl_sim_account *a = &s.account[i];
            double rate = 0.9 * (0.5 * a->own + 0.5 * s.common[a->region * 9 + (size_t)q]), e = 0;
            int32_t from = s.first_day[q], days = s.first_day[q + 1] - from;
            for (int32_t d = 0; d < days; d++) e += 1 - exp(-(double)(from + d - a->start) / 20);
            extra += rate * 0.4 * e / days;
            cells++;
        }
    rl_sim_effect e[RL_SIM_OUTCOMES];
    rl_sim_effects(t.expected + age * table, table, t.redraws, e);
    double se = t.monte_carlo_se[age * RL_SIM_OUTCOMES + RL_SIM_OPPORTUNITIES];
    assert_true(se > 0 && se < 0.02 * extra / cells);
    CHECK_NEAR(e[RL_SIM_OPPORTUNITIES].effect, extra / cells, 4 * se);
    CHECK_NEAR(e[RL_SIM_OPPORTUNITIES].total, extra, 4 * se * cells);

    w.seed++; /* another seed of the same accounts: the same expectation */
    w.has_accounts_seed = true;
    w.accounts_seed = 901;
    rl_sim_truth u;
    rl_sim_make(&w, &s, cx.keep, &cx);
    rl_sim_truth_make(&s, w.seed, &u, cx.keep, &cx);
    assert_memory_equal(u.expected, t.expected, w.n_ages * table * sizeof *t.expected);
    assert_memory_not_equal(u.realised, t.realised, w.n_ages * table * sizeof *t.realised);
    rl_ctx_free(&cx);
}

/* Means without the programme, by group (treated or not) and half of the time. */
typedef struct halves {
    const rl_sim *s;
    double deals[2][2], wins[2][2], amount[2][2], saved[2][2];
} halves;

static void add_deal(void *user, const rl_sim_deal *d)
{
    enum { H = 180 };
    halves *y = user;
    const struct rl_sim_fate *f = &d->arm[0];
    if (!f->exists) return;
    int g = y->s->account[d->account].start != RL_NO_DAY, half = d->period >= y->s->periods / 2;
    y->deals[g][half]++;
    if (!f->won || f->days > H) return;
    y->wins[g][half]++;
    y->amount[g][half] += (double)f->amount;
    y->saved[g][half] += H - f->days;
}

static double apart(double x[2][2]) { return x[1][1] - x[1][0] - x[0][1] + x[0][0]; }

/* Value, win rate, size and velocity: differences of differences over their levels, mean over draws and its error. */
enum { KINDS = 4, DRAWS = 16 };
typedef struct bend {
    double mean[KINDS], se[KINDS], more_deals;
} bend;

static void one_draw(const rl_sim *s, uint64_t seed, double out[KINDS], double *more_deals)
{
    halves y = {.s = s};
    double x[KINDS][2][2];
    for (size_t i = 0; i < s->n; i++) rl_sim_deals(s, seed, i, add_deal, &y);
    for (int g = 0; g < 2; g++)
        for (int h = 0; h < 2; h++) {
            x[0][g][h] = y.amount[g][h] / y.amount[0][0];
            x[1][g][h] = y.wins[g][h] / y.deals[g][h];
            x[2][g][h] = y.amount[g][h] / y.wins[g][h] / 24000;
            x[3][g][h] = y.saved[g][h] / y.deals[g][h] / 30;
        }
    for (int k = 0; k < KINDS; k++) out[k] = apart(x[k]);
    *more_deals = y.deals[1][0] / y.deals[0][0] - 1;
}

static bend trends(double selection, double violation, rl_ctx *cx)
{
    rl_world w;
    rl_sim s;
    bend b = {.more_deals = 0};
    double x[DRAWS][KINDS];
    parse("world: {title: t, redraws: 0}\naccounts: {count: 2000}\ndeals: {rate: 1, season: 0.4, trend: 0.05}\n"
          "rollout: {share: 0.5, waves: [2026-01-01]}\n",
          &w, cx);
    w.rollout.selection = selection;
    w.rollout.trend_violation = violation;
    rl_sim_make(&w, &s, cx->keep, cx);
    for (int r = 0; r < DRAWS; r++) one_draw(&s, 1 + (uint64_t)r, x[r], &b.more_deals);
    for (int k = 0; k < KINDS; k++) {
        for (int r = 0; r < DRAWS; r++) b.mean[k] += x[r][k] / DRAWS;
        for (int r = 0; r < DRAWS; r++) b.se[k] += (x[r][k] - b.mean[k]) * (x[r][k] - b.mean[k]);
        b.se[k] = sqrt(b.se[k] / (DRAWS - 1) / DRAWS);
    }
    return b;
}

static void trends_are_parallel_unless_told(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    bend fair = trends(0, 0, &cx), chosen = trends(1.5, 0, &cx), bent = trends(0, 0.02, &cx);
    CHECK_NEAR(fair.more_deals, 0, 0.1);
    assert_true(chosen.more_deals > 0.2); /* treated accounts create more deals .. */
    for (int k = 0; k < KINDS; k++) {
        assert_true(fair.se[k] < 0.03 && chosen.se[k] < 0.03);
        CHECK_NEAR(fair.mean[k], 0, 4 * fair.se[k]);
        CHECK_NEAR(chosen.mean[k], 0, 4 * chosen.se[k]); /* .. and trends run parallel all the same */
    }
    assert_true(bent.mean[0] > 0.15 && bent.mean[1] > 0.02);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ files */

static void dirty_files_hold_the_same_deals(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_simcsv_counts clean, messy;
    check_ctx(&cx);
    parse(TINY, &w, &cx);
    char *dir = new_dir(&cx), head[256];
    write_all(&w, 1, dir, &clean, &cx);
    w.messy = true;
    write_all(&w, 1, dir, &messy, &cx);
    assert_memory_equal(&clean, &messy, sizeof clean);
    assert_int_equal(clean.deals, clean.won + clean.lost + clean.open);
    FILE *f = fopen(rl_sprintf(cx.keep, "%s/deals.csv", dir), "r");
    assert_non_null(fgets(head, sizeof head, f));
    fclose(f);
    assert_string_equal(head, "\xef\xbb\xbf"
                              "deal_id;account;region;segment;owner;created;closed;status;amount;notes\r\n");
    remove_dir(dir, &cx);
    assert_int_equal(rl_simcsv_text("/proc/nowhere", "x", "y", 1, &cx), RL_EIO);
    assert_non_null(strstr(cx.err.what, "/proc/nowhere"));
    rl_forgive(&cx);
    assert_int_equal(rl_simcsv_text("/dev/null", "x", "y", 1, &cx), RL_EIO);
    rl_ctx_free(&cx);
}

/* datasets/quarterly is what its world file makes, and its leads are what leads are. */
static void quarterly_is_reproduced(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_simcsv_counts n;
    check_ctx(&cx);
    CHECK_OK(rl_world_read("datasets/quarterly/world.yaml", &w, cx.keep, &cx), &cx);
    char *dir = new_dir(&cx);
    write_all(&w, 1, dir, &n, &cx);
    for (int i = 0; i < N_FILES; i++)
        if (!same_bytes(dir, "datasets/quarterly", FILES[i], &cx)) fail_msg("%s differs: regenerate it", FILES[i]);
    assert_true(n.won_leads * 100 < n.leads && n.mqls * 4 > n.leads);
    remove_dir(dir, &cx);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),          cmocka_unit_test(no_effect_no_difference),
        cmocka_unit_test(truth_equals_brute_force),        cmocka_unit_test(expected_opportunities_are_known),
        cmocka_unit_test(trends_are_parallel_unless_told), cmocka_unit_test(dirty_files_hold_the_same_deals),
        cmocka_unit_test(quarterly_is_reproduced),
    };
    return cmocka_run_group_tests_name("simulated companies", tests, NULL, NULL);
}
