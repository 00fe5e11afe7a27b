/* est_dcdh.c -- treatments that switch on and off, and doses: what a change of
 * treatment does to the outcome, each switch against units with the same
 * treatment so far that keep it.
 *
 *   effect l    DID_l = sum_u w_u S_u (dy_u - mean of dy over the controls) / sum_u w_u
 *               dy_u = y_(u,F-1+l) - y_(u,F-1), u over the units that switch
 *   placebo l   the same units and controls, dy_u = y_(u,F-1-l) - y_(u,F-1)
 *   overall     sum_l N_l DID_l / sum_l sum_u w_u |D_(u,F-1+l) - d_u|:
 *               per unit of treatment, N_l = sum_u w_u
 *
 * S_u is -1 for units whose treatment falls.  Effect l is event l - 1, placebo
 * l event -(l + 1).  Normalised effects are divided by the treatment, beyond
 * the baseline, that its units received in periods F .. F-1+l; placebos by
 * that of the periods among these from which one can look back 2 l periods
 * (as the authors' program has it).
 *
 * Influence of a switch: w S (dy - mean of its cohort) sqrt(n/(n-1)) / N_l, a
 * cohort being units with the same baseline, F and treatment in F; of a control
 * in a period -(signed weight it stands for) (dy - mean of the controls)
 * sqrt(n/(n-1)) / N_l.  Effects differ within cohorts, so variances are
 * conservative; that the shares of treatments are estimated is left out.  A
 * switch without another in its cohort counts 0, and switches down count with
 * the sign of those up, which matters where both share controls or a cluster.
 * --as exact: one alone is held against the switches and controls of its period
 * together, and switches down have the sign they have in the estimate.
 *
 * The authors' R package (DIDmultiplegtDYN) has called itself 2.1.2 since January
 * 2025.  The default is its errors as released then; since its rewriting of
 * January 2026, under the same number, they are those of --as exact where units
 * are the clusters (with wider ones it puts numbers of clusters for n, too).
 *
 * Estimand  average effects of having been treated differently for l periods, among units that switch
 * Assumes   parallel trends of units with the same baseline treatment; no anticipation
 * Source    de Chaisemartin & D'Haultfoeuille (2024), Review of Economics and Statistics,
 *           "Difference-in-Differences Estimators of Intertemporal Treatment Effects"
 */
#include <math.h>
#include <string.h>

#include "model/infer.h"
#include "model/switching.h"

enum { MOST_HORIZONS = 500 };

/* One effect or placebo. */
typedef struct horizon {
    int32_t l;
    bool placebo;
    long double N, sum, treated; /* weights of switches; their differences; treatment for the normalisation */
    long double dose;            /* .. and in the period itself */
    size_t switches;
} horizon;

/* What is known of a cell or cohort in one horizon. */
typedef struct mean {
    long double w, wy;
    uint32_t n;
} mean;

typedef struct work {
    const rl_switching *s;
    const bool *stays;  /* N  the switches to be used, or NULL = all */
    mean *control;      /* cells      */
    mean *cohort;       /* cohorts    */
    long double *take;  /* cells  weight of the switches that the controls stand for */
    unsigned char *way; /* cells  1 = switches up, 2 = down, 3 = both */
    bool crossed;       /* .. both somewhere */
    mean *both;         /* 2 cells  controls with the switches up of the period, and with those down (exact) */
    bool exact;         /* --as exact: see the head  */
} work;

/* --- one horizon ---------------------------------------------------------------------- */

/* Difference of the outcome up to entry k: y(t) - y(t-l), or y(t-2l) - y(t-l), both only where y(t) is known. */
static double difference(const rl_switching *s, size_t u, size_t k, const horizon *h)
{
    size_t base = rl_switching_back(s, u, k, h->l), from = k;
    if (base == RL_NO_ENTRY || isnan(s->y[k])) return NAN;
    if (h->placebo) from = rl_switching_back(s, u, k, 2 * h->l);
    return from == RL_NO_ENTRY ? NAN : s->y[from] - s->y[base];
}

/* The same as weights of the rows. */
static void weigh(const rl_switching *s, size_t u, size_t k, const horizon *h, double by, double *omega)
{
    size_t base = rl_switching_back(s, u, k, h->l), from = h->placebo ? rl_switching_back(s, u, k, 2 * h->l) : k;
    if (s->row[from] != RL_NO_DESIGN_ROW) omega[s->row[from]] += by;
    if (s->row[base] != RL_NO_DESIGN_ROW) omega[s->row[base]] -= by;
}

static void add(mean *m, double w, double y)
{
    m->w += w;
    m->wy += (long double)w * y;
    m->n++;
}

static void controls(work *p, const horizon *h)
{
    const rl_switching *s = p->s;
    memset(p->control, 0, s->cells * sizeof *p->control);
    for (size_t u = 0; u < s->N; u++)
        for (size_t k = s->first[u]; k < s->first[u + 1] && s->when[k] < s->F[u]; k++) {
            if (s->w[k] == 0) continue;
            double y = difference(s, u, k, h);
            if (!isnan(y)) add(&p->control[s->cell[k]], s->w[k], y);
        }
}

/* The entry whose difference a switch brings in, or RL_NO_ENTRY. */
static size_t entry_of(const work *p, size_t u, const horizon *h, double *y)
{
    const rl_switching *s = p->s;
    if (s->sign[u] == 0 || (p->stays != NULL && !p->stays[u])) return RL_NO_ENTRY;
    size_t k = rl_switching_at(s, u, s->F[u] - 1 + h->l);
    if (k == RL_NO_ENTRY || s->w[k] == 0 || p->control[s->cell[k]].n == 0) return RL_NO_ENTRY;
    *y = difference(s, u, k, h);
    return isnan(*y) ? RL_NO_ENTRY : k;
}

/* Treatment beyond the baseline from F up to entry k. */
static long double received(const rl_switching *s, size_t u, size_t k, const horizon *h)
{
    long double sum = 0;
    for (size_t j = k + 1; j-- > s->first[u] && s->when[j] >= s->F[u];) {
        if (isnan(s->dose[j]) || (h->placebo && isnan(difference(s, u, j, h)))) continue;
        sum += s->dose[j] - s->baseline[u];
    }
    return sum;
}

static void switches(work *p, horizon *h)
{
    const rl_switching *s = p->s;
    memset(p->cohort, 0, s->cohorts * sizeof *p->cohort);
    memset(p->take, 0, s->cells * sizeof *p->take);
    for (size_t u = 0; u < s->N; u++) {
        double y;
        size_t k = entry_of(p, u, h, &y);
        if (k == RL_NO_ENTRY) continue;
        const mean *c = &p->control[s->cell[k]];
        long double w = s->w[k], sw = w * s->sign[u];
        add(&p->cohort[s->cohort[u]], s->w[k], y);
        p->take[s->cell[k]] += p->exact ? sw : w;
        p->way[s->cell[k]] |= s->sign[u] > 0 ? 1 : 2;
        p->crossed |= p->way[s->cell[k]] == 3;
        h->N += w;
        h->sum += sw * (y - c->wy / c->w);
        h->treated += sw * received(s, u, k, h);
        h->dose += sw * (s->dose[k] - s->baseline[u]);
        h->switches++;
    }
}

/* --- influence -------------------------------------------------------------------------- */

/* Controls and switches of a period together. */
static void together(work *p, const horizon *h)
{
    const rl_switching *s = p->s;
    memset(p->both, 0, 2 * s->cells * sizeof *p->both);
    for (size_t c = 0; c < s->cells; c++) p->both[2 * c] = p->both[2 * c + 1] = p->control[c];
    for (size_t u = 0; u < s->N; u++) {
        double y;
        size_t k = entry_of(p, u, h, &y);
        if (k != RL_NO_ENTRY) add(&p->both[2 * s->cell[k] + (s->sign[u] < 0)], s->w[k], y);
    }
}

/* The difference less its mean, scaled.  One that is alone shows no spread: 0, or held against `both`. */
static long double centred(const mean *own, const mean *both, double y)
{
    const mean *m = own->n < 2 && both != NULL ? both : own;
    return m->n < 2 ? 0 : (y - m->wy / m->w) * sqrtl((long double)m->n / (m->n - 1));
}

/* Influence of every unit on the estimate sum / by. */
static void influence(work *p, const horizon *h, long double by, double *psi)
{
    const rl_switching *s = p->s;
    if (p->exact) together(p, h);
    for (size_t u = 0; u < s->N; u++) {
        double y;
        long double sum = 0;
        size_t k = entry_of(p, u, h, &y);
        if (k != RL_NO_ENTRY) {
            const mean *both = p->exact ? &p->both[2 * s->cell[k] + (s->sign[u] < 0)] : NULL;
            sum = (long double)s->w[k] * (p->exact ? s->sign[u] : 1) * centred(&p->cohort[s->cohort[u]], both, y);
        }
        for (k = s->first[u]; k < s->first[u + 1] && s->when[k] < s->F[u]; k++) {
            size_t c = s->cell[k];
            if (s->w[k] == 0 || p->take[c] == 0) continue;
            y = difference(s, u, k, h);
            const mean *both = p->exact ? &p->both[2 * c + (p->take[c] < 0)] : NULL;
            if (!isnan(y)) sum -= p->take[c] / p->control[c].w * s->w[k] * centred(&p->control[c], both, y);
        }
        psi[u] = (double)(sum / by);
    }
}

/* --- which switches -------------------------------------------------------------------- */

/* Switches seen, with controls, at all of the effects. */
static const bool *same_units(work *p, size_t effects, rl_ctx *cx)
{
    bool *stays = RL_NEW(cx->tmp, bool, p->s->N);
    memset(stays, 1, p->s->N);
    for (size_t l = 1; l <= effects; l++) {
        horizon h = {.l = (int32_t)l};
        double y;
        controls(p, &h);
        for (size_t u = 0; u < p->s->N; u++)
            if (entry_of(p, u, &h, &y) == RL_NO_ENTRY) stays[u] = false;
    }
    return stays;
}

/* How far effects and placebos are asked for. */
typedef struct span {
    size_t effects, placebos;
} span;

/* The longest effect that some switch has a control for, the longest placebo that some has the periods for. */
static span longest(const rl_switching *s)
{
    int32_t after = 0, before = 0;
    for (size_t u = 0; u < s->N; u++) {
        if (s->sign[u] == 0) continue;
        if (s->last[u] - s->F[u] + 1 > after) after = s->last[u] - s->F[u] + 1;
        if (s->F[u] - 1 > before) before = s->F[u] - 1;
    }
    span most = {(size_t)after, (size_t)before};
    if (most.effects > MOST_HORIZONS) most.effects = MOST_HORIZONS;
    if (most.placebos > most.effects) most.placebos = most.effects;
    return most;
}

/* A placebo looks as far back as its effect looks ahead, so there are no more of them. */
static rl_code read_window(const rl_request *r, const rl_switching *s, span *ask, rl_ctx *cx)
{
    int lo = r->window_lo, hi = r->window_hi;
    span most = longest(s);
    *ask = most;
    if (r->agg == RL_AGG_SIMPLE) ask->placebos = 0;
    if (!r->has_window) return RL_OK;
    if (hi < 0 || lo > 0) {
        rl_fail(cx, RL_EUSAGE, "--window %d:%d holds no effect: event 0 is the period of the switch", lo, hi);
        return rl_hint(cx, "--window -3:4 asks for five effects (0 to 4) and the placebos -2 and -3");
    }
    size_t effects = (size_t)hi + 1, placebos = lo < -1 ? (size_t)(-(long)lo) - 1 : 0;
    if (effects > most.effects)
        rl_remark(cx, "dcdh", "of %zu effects asked for, %zu can be estimated: later no switch has a control", effects,
                  most.effects);
    ask->effects = effects < most.effects ? effects : most.effects;
    if (placebos > ask->effects)
        rl_remark(cx, "dcdh",
                  "of %zu placebos asked for, %zu are given: a placebo looks as far back as its effect looks ahead",
                  placebos, ask->effects);
    ask->placebos = r->agg == RL_AGG_SIMPLE ? 0 : placebos < ask->effects ? placebos : ask->effects;
    return RL_OK;
}

/* Rows of the design that no comparison has. */
static bool leave_unused(const rl_switching *s, const rl_design *d, rl_fit *f, rl_ctx *cx)
{
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, d->n);
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        leave[i] = s->unused[d->row[i]];
        n += leave[i] > 0;
    }
    if (n == 0) return false;
    f->leave = leave;
    f->leave_why[RL_UNUSED_MIXED] = "treated both more and less than at first by then";
    f->leave_why[RL_UNUSED_ALIKE] = "whose first treatment ends for all at once or for none";
    f->leave_why[RL_UNUSED_ALONE] = "whose first treatment no unit still has";
    return true;
}

static void say_periods(const rl_switching *s, rl_ctx *cx)
{
    for (size_t t = 2; t < s->T; t++)
        if ((int64_t)s->time[t] - s->time[t - 1] != (int64_t)s->time[1] - s->time[0]) {
            rl_remark(cx, "dcdh", "the periods are not equally far apart: they are counted one by one");
            break;
        }
}

static void say_errors(const work *p, const rl_design *d, rl_ctx *cx)
{
    const rl_switching *s = p->s;
    size_t up = 0, single = 0, *size = RL_NEW(cx->tmp, size_t, s->cohorts);
    bool wide = d->vcov.ways > 0 && d->cluster[0].G < d->unit.G;
    for (size_t u = 0; u < s->N; u++) {
        up += s->sign[u] > 0;
        if (s->sign[u] != 0) size[s->cohort[u]]++;
    }
    for (size_t c = 0; c < s->cohorts; c++) single += size[c] == 1;
    if (single > 0 && !p->exact)
        rl_remark(cx, "dcdh",
                  "%zu of %zu switches are alone with their first treatment, period and new treatment: nothing shows "
                  "their spread, and the errors leave it out (--as exact holds them against all of their period)",
                  single, s->switchers);
    if (!p->exact && up > 0 && up < s->switchers && (wide || p->crossed))
        rl_remark(cx, "dcdh",
                  "what switches up and switches down share in a cluster is added up in the errors, as "
                  "DIDmultiplegtDYN did until 2026; --as exact sets it off");
}

/* --- the fit ------------------------------------------------------------------------------ */

/* The estimates: the horizons by event time, placebos first, then the overall figure. */
typedef struct fitted {
    work p;
    horizon *h;       /* n  */
    size_t n, first;  /* effects are h[first] .. h[n-1]  */
    long double dose; /* treatment behind all of them     */
    bool normalized, overall_alone;
    double *psi; /* N-by-(n+1)  */
    rl_units units;
} fitted;

static size_t place(const fitted *v, size_t j) { return v->overall_alone ? v->n : j; }

static size_t of_unit(const void *self, size_t u, int32_t *at, double *value)
{
    const fitted *v = self;
    size_t count = 0;
    for (size_t j = 0; j < v->units.most; j++) {
        double x = v->psi[place(v, j) * v->units.N + u];
        if (x == 0) continue;
        at[count] = (int32_t)j;
        value[count++] = x;
    }
    return count;
}

/* What every outcome weighs in sum, times `by`. */
static void add_omega(const fitted *v, const horizon *of, long double by, double *omega)
{
    work p = v->p;
    const rl_switching *s = p.s;
    horizon h = {.l = of->l, .placebo = of->placebo};
    p.exact = true;
    controls(&p, &h);
    switches(&p, &h);
    for (size_t u = 0; u < s->N; u++) {
        double y;
        size_t k = entry_of(&p, u, &h, &y);
        if (k != RL_NO_ENTRY) weigh(s, u, k, &h, (double)(by * s->w[k] * s->sign[u]), omega);
        for (k = s->first[u]; k < s->first[u + 1] && s->when[k] < s->F[u]; k++) {
            long double take = p.take[s->cell[k]];
            if (s->w[k] == 0 || take == 0 || isnan(difference(s, u, k, &h))) continue;
            weigh(s, u, k, &h, (double)(-by * take / p.control[s->cell[k]].w * s->w[k]), omega);
        }
    }
}

static long double scale(const fitted *v, const horizon *h) { return v->normalized ? h->treated : h->N; }

static void omega_of(const void *self, size_t j, double *omega)
{
    const fitted *v = self;
    j = place(v, j);
    if (j < v->n) add_omega(v, &v->h[j], 1 / scale(v, &v->h[j]), omega);
    for (size_t e = v->first; e < v->n && j == v->n; e++) add_omega(v, &v->h[e], 1 / v->dose, omega);
}

/* One horizon; false: nothing to compare. */
static bool estimate(fitted *v, int32_t l, bool placebo, rl_fit *f)
{
    horizon *h = &v->h[v->n];
    double *psi = v->psi + v->n * v->p.s->N;
    *h = (horizon){.l = l, .placebo = placebo};
    controls(&v->p, h);
    switches(&v->p, h);
    if (h->switches == 0 || scale(v, h) == 0) return false;
    f->label[v->n] = rl_label_of("event");
    f->label[v->n].event = placebo ? -(l + 1) : l - 1;
    f->b[v->n++] = (double)(h->sum / scale(v, h));
    influence(&v->p, h, scale(v, h), psi);
    return true;
}

/* sum N_l DID_l over the treatment behind it; its influence follows from theirs. */
static void overall(fitted *v, rl_fit *f)
{
    size_t N = v->p.s->N;
    long double sum = 0;
    for (size_t e = v->first; e < v->n; e++) {
        v->dose += v->h[e].dose;
        sum += v->h[e].sum;
    }
    f->label[v->n] = rl_label_of("overall");
    f->b[v->n] = (double)(sum / v->dose);
    for (size_t u = 0; u < N; u++) {
        long double own = 0;
        for (size_t e = v->first; e < v->n; e++) own += v->psi[e * N + u] * scale(v, &v->h[e]);
        v->psi[v->n * N + u] = (double)(own / v->dose);
    }
}

static rl_code estimate_all(fitted *v, const span *ask, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    for (size_t l = ask->placebos; l > 0; l--)
        if (!estimate(v, (int32_t)l, true, f) && r->has_window)
            rl_remark(cx, "dcdh", "event -%zu cannot be estimated: no switch and control are seen %zu periods before",
                      l + 1, l);
    v->first = v->n;
    for (size_t l = 1; l <= ask->effects; l++)
        if (!estimate(v, (int32_t)l, false, f) && r->has_window)
            rl_remark(cx, "dcdh", "event %zu cannot be estimated: no switch and control are seen by then", l - 1);
    if (v->n == v->first)
        return rl_fail(cx, RL_EDATA, "no effect can be estimated: of %zu units that switch, none has a control%s",
                       v->p.s->switchers, r->same_units ? " at each of the effects asked for" : "");
    overall(v, f);
    if (v->first == 0 || v->overall_alone) return RL_OK;
    size_t *index = RL_NEW(cx->tmp, size_t, v->first);
    for (size_t j = 0; j < v->first; j++) index[j] = j;
    rl_fit_pre_trend(f, index, v->first, true, cx);
    return RL_OK;
}

static rl_code check(const rl_design *d, const rl_request *r, rl_ctx *cx)
{
    RL_TRY(rl_fit_takes_nothing(d, r->estimator, "units are compared with those of the same treatment so far", cx));
    if (r->agg != RL_AGG_DEFAULT && r->agg != RL_AGG_DYNAMIC && r->agg != RL_AGG_SIMPLE) {
        rl_fail(cx, RL_EUSAGE, "estimator 'dcdh' has no such --agg");
        return rl_hint(cx, "--agg dynamic (the default) gives effects by time since the switch, --agg simple one");
    }
    return RL_OK;
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    rl_switching *s = RL_NEW(cx->tmp, rl_switching, 1);
    fitted *v = RL_NEW(cx->tmp, fitted, 1);
    span ask;
    RL_TRY(check(d, r, cx));
    RL_TRY(rl_switching_make(d, r, s, cx));
    if (leave_unused(s, d, f, cx)) return RL_OK;
    say_periods(s, cx);
    v->p = (work){.s = s,
                  .exact = rl_profile_is(r, "exact"),
                  .control = RL_NEW(cx->tmp, mean, s->cells),
                  .cohort = RL_NEW(cx->tmp, mean, s->cohorts),
                  .take = RL_NEW(cx->tmp, long double, s->cells),
                  .way = RL_NEW(cx->tmp, unsigned char, s->cells)};
    if (v->p.exact) v->p.both = RL_NEW(cx->tmp, mean, 2 * s->cells);
    RL_TRY(read_window(r, s, &ask, cx));
    if (r->same_units) v->p.stays = same_units(&v->p, ask.effects, cx);
    size_t most = ask.effects + ask.placebos + 1;
    v->normalized = r->normalized;
    v->overall_alone = r->agg == RL_AGG_SIMPLE;
    v->h = RL_NEW(cx->tmp, horizon, most);
    v->psi = RL_NEW(cx->tmp, double, s->N *most);
    f->label = RL_NEW(cx->tmp, rl_label, most);
    f->b = RL_NEW(cx->tmp, double, most);
    RL_TRY(estimate_all(v, &ask, r, f, cx));
    say_errors(&v->p, d, cx);
    f->m = v->overall_alone ? 1 : v->n + 1;
    f->label += place(v, 0);
    f->b += place(v, 0);
    v->units = (rl_units){s->N, s->start, f->m, of_unit, v};
    rl_psi_units(f, &v->units, d->n, cx);
    f->omega = omega_of;
    f->omega_self = v;
    f->dof = (rl_dof){.n = d->n, .k = f->m};
    f->normal = f->bare = true;
    f->lone_count = v->p.exact;
    return RL_OK;
}

const rl_estimator rl_est_dcdh = {
    .name = "dcdh",
    .what = "treatments that switch on and off, and doses: each switch\nagainst units that keep the same treatment",
    .method =
        "Each unit whose treatment changes is compared, from the period before the change on, with units that had "
        "the same treatment until then and still have it.  Placebos make the same comparison before the change; "
        "the overall figure is per unit of treatment.",
    .source = "de Chaisemartin & D'Haultfoeuille (2024)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .past = true,
    .leaves = true,
    .takes = " window agg composition normalized ",
    .fit = fit,
};
