/* out/words.c -- findings to sentences. */
#include "out/words.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/date.h"
#include "base/str.h"
#include "num/order.h"

double rl_words_widest(double *width, size_t n)
{
    enum { TIMES = 6 };
    rl_order(width, n);
    return n > 0 && width[(n - 1) / 2] > 0 ? TIMES * width[(n - 1) / 2] : INFINITY;
}

const char *rl_words_capital(const rl_view *v, const char *s)
{
    char *out = rl_strdup(v->in, s);
    if (out[0] >= 'a' && out[0] <= 'z') out[0] = (char)(out[0] - 'a' + 'A');
    return out;
}

const char *rl_words_sentence(const rl_view *v, const char *s)
{
    const char *out = rl_words_capital(v, rl_view_clean(s, 0, v->in));
    size_t n = strlen(out);
    return n > 0 && strchr(".!?", out[n - 1]) ? out : rl_sprintf(v->in, "%s.", out);
}

const char *rl_words_interval(const rl_view *v, const rl_interval *x, rl_unit unit, double scale)
{
    rl_scale s = rl_scale_for(x, unit, scale);
    return rl_sprintf(v->in, "%s (%s interval %s)", rl_scaled(v, &s, x->est), rl_view_level(v),
                      rl_view_range(v, &s, x));
}

const char *rl_words_zero(const rl_view *v, const rl_interval *x)
{
    if (!rl_interval_known(x)) return "The interval is not known.";
    if (rl_excludes_zero(x)) return rl_sprintf(v->in, "The %s interval excludes zero.", rl_view_level(v));
    return rl_sprintf(v->in, "The %s interval holds zero: the effect cannot be told from zero with these data.",
                      rl_view_level(v));
}

const char *rl_words_program(const rl_view *v, const char *name)
{
    if (!name || !name[0]) return "the programme";
    return rl_sprintf(v->in, "the programme %s%s%s", v->open, rl_view_clean(name, 60, v->in), v->close);
}

const char *rl_words_outcome(const rl_view *v, const rl_model_answer *m)
{
    if (m->spec->outcome == RL_OUT_NONE && m->main.formula) { /* what stands left of the formula's '~' */
        size_t n = strcspn(m->main.formula, "~");
        while (n > 0 && m->main.formula[n - 1] == ' ') n--;
        if (n > 0) return rl_view_clean(rl_strndup(v->in, m->main.formula, n), 60, v->in);
    }
    if (m->spec->outcome != RL_OUT_COLUMN || !m->spec->outcome_column.s) return rl_outcome_words(m->spec->outcome);
    return rl_sprintf(v->in, "%s%s%s", v->open, rl_view_clean(m->spec->outcome_column.s, 40, v->in), v->close);
}

const char *rl_words_period(const rl_study *s)
{
    const char *name = s->calendar.kind == RL_PERIOD_NONE ? NULL : rl_period_name(s->calendar.kind);
    return name && name[0] ? name : "period";
}

const char *rl_words_rows(const rl_view *v, const rl_model_answer *m)
{
    return m && m->waterfall.unit && m->waterfall.unit[0] ? rl_view_clean(m->waterfall.unit, 40, v->in) : "rows";
}

int rl_words_horizon(const rl_answer *a, const rl_model_answer *m)
{
    if (!m || m->spec->horizon > 0) return m ? m->spec->horizon : 0;
    for (size_t i = 0; i < a->n_programs; i++)
        if (m->spec->treatment.s && !strcmp(a->program[i].name, m->spec->treatment.s)) return a->program[i].horizon;
    return 0;
}

rl_scale rl_words_money_scale(const rl_money *m, const rl_interval *x)
{
    rl_scale own = rl_scale_for(x, RL_UNIT_MONEY, 1), shared = rl_scale_for(&m->total, RL_UNIT_MONEY, 1);
    double least = shared.decimals == 0 ? 10 : shared.decimals == 1 ? 1 : 0.1; /* two digits must be left */
    return isfinite(m->total.est) && fabs(x->est * shared.times) >= least ? shared : own;
}

const rl_model_answer *rl_words_find(const rl_answer *a, const rl_outcome *any, size_t n)
{
    const rl_model_answer *found = NULL;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < a->n_models; i++) {
            const rl_model_answer *m = &a->model[i];
            if (m->spec->outcome != any[k]) continue;
            if (m->status == RL_MODEL_DONE && m->has_lift) return m;
            if (!found) found = m;
        }
    return found;
}

/* --- the answer of the study ------------------------------------------------------ */

const char *rl_words_subject(const rl_view *v, const rl_money *m)
{
    const rl_model_answer *value = m->value;
    if (value && value->spec->outcome == RL_OUT_COLUMN) return rl_words_outcome(v, value);
    return "revenue";
}

const char *rl_words_unit(const rl_view *v, const rl_answer *a)
{
    for (size_t i = 0; i < a->n_programs; i++)
        if (a->money.program && !strcmp(a->program[i].name, a->money.program) && a->program[i].unit)
            return rl_view_clean(a->program[i].unit, 40, v->in);
    return "account";
}

static const char *money_reach(const rl_view *v, const rl_answer *a)
{
    size_t n = a->money.treated_units;
    return rl_sprintf(v->in, "the %s %s it reached", rl_view_count(v, n), rl_plural(rl_words_unit(v, a), n, v->in));
}

/* 16 February 2015 */
static const char *long_date(const rl_view *v, int32_t day)
{
    static const char *const MONTH[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    int y, m, d;
    rl_civil(day, &y, &m, &d);
    return rl_sprintf(v->in, "%d%s%s%s%d", d, v->nbsp, MONTH[m - 1], v->nbsp, y);
}

/* The period of a day, as the study counts them. */
static const char *period_of(const rl_view *v, const rl_answer *a, int32_t day)
{
    char buf[16];
    rl_calendar cal = a->study->calendar;
    if (day == RL_NO_DAY) return "";
    if (cal.kind == RL_PERIOD_NONE || cal.kind == RL_DAY) return long_date(v, day);
    return rl_strdup(v->in, rl_period_text(buf, cal, rl_period_of(cal, day)));
}

static const char *money_answer(const rl_view *v, const rl_answer *a)
{
    const rl_money *m = &a->money;
    rl_scale s = rl_scale_for(&m->total, RL_UNIT_MONEY, 1);
    rl_interval size = {fabs(m->total.est), m->total.se, fmin(fabs(m->total.low), fabs(m->total.high)),
                        fmax(fabs(m->total.low), fabs(m->total.high))};
    const char *who = rl_words_sentence(v, rl_words_program(v, m->program));
    who = rl_strndup(v->in, who, strlen(who) - 1);
    const char *from = period_of(v, a, m->exposure_first), *to = period_of(v, a, m->exposure_last);
    const char *when = m->exposure_first == RL_NO_DAY || m->exposure_last == RL_NO_DAY ? ""
                       : !strcmp(from, to) ? rl_sprintf(v->in, ", in %s", from)
                                           : rl_sprintf(v->in, ", %s to %s", from, to);
    if (rl_excludes_zero(&m->total))
        return rl_sprintf(v->in, "%s %s %s by %s (%s interval %s) at %s%s.", who,
                          m->total.est > 0 ? "raised" : "lowered", rl_words_subject(v, m), rl_scaled(v, &s, size.est),
                          rl_view_level(v), rl_view_range(v, &s, &size), money_reach(v, a), when);
    return rl_sprintf(v->in,
                      "%s changed %s by an estimated %s (%s interval %s) at %s%s: this cannot be told from zero.", who,
                      rl_words_subject(v, m), rl_scaled_signed(v, &s, m->total.est), rl_view_level(v),
                      rl_view_range(v, &s, &m->total), money_reach(v, a), when);
}

const char *rl_words_answer(const rl_view *v, const rl_answer *a)
{
    if (a->money.given && isfinite(a->money.total.est)) return money_answer(v, a);
    const rl_model_answer *m = rl_words_headline(a);
    if (m) return rl_words_model(v, m);
    size_t fitted = 0;
    const char *doubt = "";
    for (size_t i = 0; i < a->n_models; i++) {
        fitted += a->model[i].status == RL_MODEL_DONE;
        if (*doubt == '\0' && a->model[i].status == RL_MODEL_DONE) doubt = rl_words_doubt(v, &a->model[i]);
    }
    if (fitted == 1 && *doubt != '\0') return doubt;
    if (fitted > 0)
        return rl_sprintf(
            v->in, "The study measures no lift: %s what goes together in these data, not what marketing caused.",
            fitted == 1 ? "its fitted model says" : rl_sprintf(v->in, "its %zu fitted models say", fitted));
    if (a->study->n_programs == 0)
        return "These data cannot say what marketing caused: the study names no marketing programme, "
               "so there is nobody who was reached and nobody to compare with.";
    if (a->n_models == 0) return "The study asks no question yet: it names no model.";
    return "No question of this study could be answered; the reasons stand below.";
}

/* What the interval on page one is where cohorts of a few units do not pass for precise; "" = there are none. */
static const char *when_few(const rl_view *v, const rl_answer *a, const rl_model_answer *m, const rl_interval *x,
                            const rl_scale *s)
{
    static const double SAME = 1.02; /* standard errors that no reader would tell apart */
    const rl_few *f = &m->few;
    const rl_interval *e = &m->lift.effect;
    const char *unit = rl_words_unit(v, a);
    if (f->units == 0 || (f->why == NULL && f->se <= SAME * e->se)) return "";
    const char *some =
        rl_sprintf(v->in, "%s %s reached started with fewer than four, and the interval counts their luck",
                   rl_view_count(v, f->units), f->units == 1 ? unit : rl_plural(unit, f->units, v->in));
    if (a->money.treated_units == 1)
        some = rl_sprintf(v->in, "one %s is all that was reached, and the interval counts its luck", unit);
    if (f->why != NULL) return rl_sprintf(v->in, "Too narrow: %s as zero (%s).", some, f->why);
    rl_interval wide = {x->est, f->se / e->se * x->se,
                        x->est - (x->est - x->low) * (e->est - f->low) / (e->est - e->low),
                        x->est + (x->high - x->est) * (f->high - e->est) / (e->high - e->est)};
    return rl_sprintf(v->in,
                      "Read it with care: %s as zero. With the luck that the controls show it runs "
                      "from %s to %s, and %s.",
                      some, rl_scaled_signed(v, s, wide.low), rl_scaled_signed(v, s, wide.high),
                      rl_excludes_zero(&wide) ? "still excludes zero" : "holds zero: chance alone could have done it");
}

/* The interval of page one, and how it is written; NULL = there is none. */
static const rl_interval *headline(const rl_view *v, const rl_answer *a, const rl_model_answer **m, rl_scale *s)
{
    *m = a->money.given ? a->money.value : rl_words_headline(a);
    const rl_interval *x = a->money.given ? &a->money.total : *m ? &(*m)->lift.effect : NULL;
    if (!x || !rl_interval_known(x)) return NULL;
    *s = rl_scale_for(x, a->money.given ? RL_UNIT_MONEY : rl_unit_of_lift(v, &(*m)->lift),
                      a->money.given ? 1 : (*m)->lift.scale);
    return x;
}

const char *rl_words_few(const rl_view *v, const rl_answer *a)
{
    const rl_model_answer *m;
    rl_scale s;
    const rl_interval *x = headline(v, a, &m, &s);
    return x != NULL && m != NULL && m->has_lift ? when_few(v, a, m, x, &s) : "";
}

const char *rl_words_sure(const rl_view *v, const rl_answer *a)
{
    const rl_model_answer *m;
    rl_scale s;
    const rl_interval *x = headline(v, a, &m, &s);
    const char *few = rl_words_few(v, a);
    if (!x) return "";
    if (few[0] != '\0') return few;
    if (rl_excludes_zero(x))
        return rl_sprintf(
            v->in,
            "The interval excludes zero. Over many studies made like this one, %s of such intervals hold the true "
            "effect, provided the groups would have moved in parallel without the programme.",
            rl_view_level(v));
    return rl_sprintf(v->in,
                      "The interval holds zero. The data agree with anything from %s to %s; more %s, more periods or "
                      "less noise would be needed to say which.",
                      rl_scaled_signed(v, &s, x->low), rl_scaled_signed(v, &s, x->high),
                      rl_plural(rl_words_unit(v, a), 2, v->in));
}

const char *rl_words_coverage(const rl_view *v, const rl_answer *a)
{
    const rl_money *m = &a->money;
    if (!m->given) return "";
    rl_interval with = {m->with, NAN, NAN, NAN};
    rl_scale s = rl_scale_for(&with, RL_UNIT_MONEY, 1);
    const char *missing = "";
    if (m->missing_cells > 0)
        missing = rl_sprintf(v->in, " %s of them have no row in the panel and are counted at the mean of the others.",
                             rl_view_count(v, m->missing_cells));
    return rl_sprintf(v->in, "Counted over %s treated %s (one %s in one %s): %s as seen, %s without the programme.%s",
                      rl_view_count(v, m->treated_cells), rl_words_rows(v, m->value), rl_words_unit(v, a),
                      rl_words_period(a->study), rl_scaled(v, &s, m->with), rl_scaled(v, &s, m->without), missing);
}

/* --- one model ---------------------------------------------------------------------- */

const char *rl_words_refused(const rl_view *v, const rl_err *e)
{
    return rl_words_sentence(v, e->what[0] ? e->what : rl_code_text(e->code));
}

static const char *moved(const rl_model_answer *m)
{
    bool up = m->lift.effect.est > 0;
    switch (m->spec->outcome) {
    case RL_OUT_DECISION_TIME:
    case RL_OUT_DAYS_TO_WIN:
        return up ? "lengthened" : "shortened";
    default:
        return up ? "raised" : "lowered";
    }
}

static const char *levels(const rl_view *v, const rl_lift *l, rl_unit unit)
{
    if (isnan(l->with) || isnan(l->without) || unit == RL_UNIT_PERCENT) return "";
    if (unit == RL_UNIT_POINTS) {
        return rl_sprintf(v->in, ", from %s to %s", rl_view_percent(v, l->without, 1), rl_view_percent(v, l->with, 1));
    }
    rl_scale s = rl_scale_full(&l->effect, unit, l->scale);
    return rl_sprintf(v->in, ", from %s to %s%s", rl_scaled_bare(v, &s, l->without), rl_scaled(v, &s, l->with),
                      l->outcome == RL_OUT_VELOCITY ? " gained" : "");
}

const char *rl_words_model(const rl_view *v, const rl_model_answer *m)
{
    if (m->status == RL_MODEL_REFUSED) return rl_words_refused(v, &m->refused);
    if (!m->has_lift)
        return rl_sprintf(v->in, "%sFitted on %s rows; it states associations and carries no lift.",
                          rl_words_response(v, m), rl_view_count(v, m->main.rows_used));
    const rl_lift *l = &m->lift;
    rl_unit unit = rl_unit_of_lift(v, l);
    rl_scale s = rl_scale_full(&l->effect, unit, l->scale);
    const char *who = rl_words_sentence(v, rl_words_program(v, m->spec->treatment.s));
    who = rl_strndup(v->in, who, strlen(who) - 1);
    const char *range = rl_sprintf(v->in, "%s interval %s", rl_view_level(v), rl_view_range(v, &s, &l->effect));
    if (rl_excludes_zero(&l->effect)) {
        bool down = l->effect.est < 0;
        rl_interval size = {fabs(l->effect.est), l->effect.se, down ? -l->effect.high : l->effect.low,
                            down ? -l->effect.low : l->effect.high};
        return rl_sprintf(v->in, "%s %s %s by %s (%s interval %s)%s.", who, moved(m), rl_words_outcome(v, m),
                          rl_scaled(v, &s, size.est), rl_view_level(v), rl_view_range(v, &s, &size),
                          levels(v, l, unit));
    }
    return rl_sprintf(v->in, "%s changed %s by an estimated %s (%s): this cannot be told from zero.", who,
                      rl_words_outcome(v, m), rl_scaled_signed(v, &s, l->effect.est), range);
}

const char *rl_words_velocity(const rl_view *v, const rl_answer *a, const rl_model_answer *m)
{
    int horizon = rl_words_horizon(a, m);
    const char *first = horizon > 0 ? rl_sprintf(v->in, "the first %d", horizon) : "those it was followed";
    return rl_sprintf(v->in, "days of %s that a deal has been won for: more wins or sooner ones", first);
}

const char *rl_words_among_won(const rl_view *v, const rl_answer *a, const rl_model_answer *m)
{
    static const rl_outcome TIME[] = {RL_OUT_DAYS_TO_WIN, RL_OUT_DECISION_TIME};
    const char *program = m->spec->treatment.s ? m->spec->treatment.s : "";
    for (size_t k = 0; k < sizeof TIME / sizeof *TIME; k++)
        for (size_t i = 0; i < a->n_models; i++) {
            const rl_model_answer *t = &a->model[i];
            if (t->spec->outcome != TIME[k] || t->status != RL_MODEL_DONE || !t->has_lift) continue;
            if (strcmp(t->spec->treatment.s ? t->spec->treatment.s : "", program)) continue;
            rl_scale s = rl_scale_full(&t->lift.effect, rl_unit_of_lift(v, &t->lift), t->lift.scale);
            return rl_sprintf(v->in, "among %s deals: %s %s (%s interval %s)%s", k == 0 ? "won" : "decided",
                              rl_words_outcome(v, t), rl_scaled_signed(v, &s, t->lift.effect.est), rl_view_level(v),
                              rl_view_range(v, &s, &t->lift.effect),
                              rl_excludes_zero(&t->lift.effect) ? "" : ", cannot be told from zero");
        }
    return "";
}

const char *rl_words_payback(const rl_view *v, const rl_money *m)
{
    if (m->payback_months.none || !(m->exposure_months > 0))
        return rl_view_ratio(v, &m->payback_months, RL_UNIT_MONTHS, 1);
    double whole = nearbyint(m->exposure_months);
    bool round = fabs(m->exposure_months - whole) < 0.05;
    return rl_sprintf(v->in, "%s of %s%smonths", rl_view_number(v, m->payback_months.est, 1),
                      rl_view_number(v, m->exposure_months, round ? 0 : 1), v->nbsp);
}

const char *rl_words_lift_title(const rl_view *v, const rl_model_answer *m)
{
    char *name = rl_strdup(v->in, rl_words_outcome(v, m));
    name[0] = (char)toupper((unsigned char)name[0]);
    if (!m->has_lift) return name;
    rl_scale s = rl_scale_for(&m->lift.effect, rl_unit_of_lift(v, &m->lift), m->lift.scale);
    const char *figure = rl_scaled_signed(v, &s, m->lift.effect.est);
    if (!rl_excludes_zero(&m->lift.effect)) return rl_sprintf(v->in, "%s: %s, cannot be told from zero", name, figure);
    return rl_sprintf(v->in, "%s %s%s after the programme", name, figure,
                      m->spec->outcome == RL_OUT_VELOCITY ? " gained" : "");
}

const char *rl_words_events_by(const rl_view *v, const rl_model_answer *m)
{
    if (!m->has_event || !m->event.estimator || m->event.estimator == m->main.estimator) return "";
    return rl_sprintf(v->in, "by %s", m->event.estimator->name);
}

const char *rl_words_thin(const rl_view *v, const rl_model_answer *m)
{
    bool any = false;
    for (size_t j = 0; m->behind && j < m->event.m; j++) any |= m->behind[j].thin;
    if (!any) return "";
    return rl_sprintf(v->in,
                      "rests, half of it or more, on cohorts of fewer than 4 %s: no spread of its own, the interval is "
                      "too short",
                      rl_view_clean(m->behind_what, 40, v->in));
}

static void dependence_words(rl_str *s, const rl_view *v, const rl_result *r)
{
    const char *kind = r->vcov_kind ? r->vcov_kind : "";
    bool wild = !strcmp(kind, "wild"), few = !strcmp(kind, "CR2") || !strcmp(kind, "CR3");
    if (wild || few || !strcmp(kind, "cluster")) {
        rl_str_add(s, "Standard errors allow any dependence within");
        for (size_t i = 0; i < r->vcov_ways; i++)
            rl_str_addf(s, "%s %s%s%s", i > 0 ? " and within" : "", v->open, rl_view_clean(r->vcov_by[i], 40, v->in),
                        v->close);
        if (r->clusters) rl_str_addf(s, " (%s clusters)", rl_view_count(v, r->clusters));
        if (few) rl_str_addf(s, ", corrected for few clusters (%s)", kind);
        if (wild)
            rl_str_addf(s, "; intervals and p values by a wild cluster bootstrap of %s draws",
                        rl_view_count(v, r->draws));
        if (wild && r->draw_by != NULL)
            rl_str_addf(s, " for the clusters of %s%s%s instead", v->open, rl_view_clean(r->draw_by, 40, v->in),
                        v->close);
    } else if (!strcmp(kind, "HAC")) {
        rl_str_add(s, "Standard errors allow dependence over time (quadratic spectral kernel, Andrews' bandwidth)");
    } else if (!strcmp(kind, "NW") || !strcmp(kind, "DK")) {
        rl_str_addf(s, "Standard errors allow dependence over time up to lag %d (%s)", r->lag,
                    kind[0] == 'N' ? "Newey-West" : "Driscoll-Kraay, across units too");
    } else if (!strcmp(kind, "EWC")) {
        rl_str_addf(s, "Standard errors allow dependence over time (equal-weighted cosines, %s of them)",
                    rl_view_count(v, r->terms));
    } else if (!strcmp(kind, "block") || !strcmp(kind, "wild-dependent")) {
        rl_str_addf(
            s,
            "Standard errors allow dependence over time up to lag %d; intervals and p values from %s draws of a "
            "%s bootstrap over %s periods",
            r->lag, rl_view_count(v, r->draws), kind[0] == 'b' ? "moving-block" : "dependent wild",
            rl_view_count(v, r->block));
    } else if (!strcmp(kind, "averaged")) {
        rl_str_add(s, "Standard errors allow for errors that hang together in time, by an amount that is not known");
    } else if (!strcmp(kind, "iid")) {
        rl_str_add(s, "Standard errors take the rows as independent with equal variance");
    } else {
        rl_str_addf(s, "Standard errors of kind %s allow unequal variance between rows",
                    rl_view_clean(kind, 20, v->in));
    }
}

const char *rl_words_vcov(const rl_view *v, const rl_result *r)
{
    rl_str s = rl_str_new(v->in);
    dependence_words(&s, v, r);
    if (r->ssc && r->ssc[0] && !r->wander)
        rl_str_addf(&s, "; small-sample factor: %s", rl_view_clean(r->ssc, 120, v->in));
    if (r->fixed_b > 0)
        rl_str_addf(&s, "; intervals from the fixed-b distribution (b = %s)", rl_view_number(v, r->fixed_b, 2));
    else if (r->df > 0 && isfinite(r->df) && r->draws == 0)
        rl_str_addf(&s, "; intervals from Student's t with %s degrees of freedom", rl_view_number(v, r->df, 0));
    else if (isnan(r->df))
        rl_str_add(&s, "; intervals from Student's t, each estimate with degrees of freedom of its own");
    else if (r->draws == 0)
        rl_str_add(&s, "; intervals from the normal distribution");
    rl_str_addc(&s, '.');
    return rl_str_text(&s);
}

const char *rl_words_event_times(const rl_sides *s, rl_arena *in)
{
    if (s->last <= 0) return "event time 0";
    if (s->step > 1 && s->last > s->step) return rl_sprintf(in, "event times 0, %d .. %d", s->step, s->last);
    return rl_sprintf(in, "event times 0 to %d", s->last);
}
