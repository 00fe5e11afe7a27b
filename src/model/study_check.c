/* What no single key of a study can know: do the sections agree with each other? */
#include <math.h>
#include <string.h>

#include "model/est.h"
#include "model/infer.h"
#include "model/study.h"

static const char *const OUTCOME[RL_OUT_COLUMN] = {
    [RL_OUT_VALUE] = "value",
    [RL_OUT_WIN_RATE] = "win_rate",
    [RL_OUT_DEAL_SIZE] = "deal_size",
    [RL_OUT_LOG_DEAL_SIZE] = "log_deal_size",
    [RL_OUT_VELOCITY] = "velocity",
    [RL_OUT_DECISION_TIME] = "decision_time",
    [RL_OUT_DAYS_TO_WIN] = "days_to_win",
    [RL_OUT_OPPORTUNITIES] = "opportunities",
    [RL_OUT_WINS] = "wins",
    [RL_OUT_REVENUE] = "revenue",
};

const char *rl_outcome_name(rl_outcome o) { return o < RL_OUT_COLUMN ? OUTCOME[o] : NULL; }

/* A growing list of names to choose from. */
typedef struct names {
    const char **v;
    size_t n, cap;
    rl_arena *in;
} names;

static void add(names *l, const char *s)
{
    if (s == NULL) return;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        l->v = rl_regrow(l->in, l->v, l->n, cap, sizeof *l->v);
        l->cap = cap;
    }
    l->v[l->n++] = s;
}

static void add_all(names *l, const rl_texts *t)
{
    for (size_t i = 0; i < t->n; i++) add(l, t->v[i].s);
}

static bool holds(const names *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i], s) == 0) return true;
    return false;
}

static bool texts_hold(const rl_texts *t, const char *s)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i].s, s) == 0) return true;
    return false;
}

#define FAIL(f, at, ...) rl_yaml_fail((f)->doc, (at).line, (at).col, (f)->cx, __VA_ARGS__)

/* ------------------------------------------------------------ tables */

static rl_code check_statuses(const rl_deals_spec *d, rl_form *f)
{
    static const char *const kind[] = {"won", "lost", "open"};
    const rl_texts *list[] = {&d->won, &d->lost, &d->open};
    if (d->file.given && d->won.n == 0) {
        FAIL(f, d->file.at, "'deals.won' lists no status");
        return rl_hint(f->cx, "list every status that means won, such as won: [Closed Won]");
    }
    for (size_t a = 0; a < 3; a++)
        for (size_t b = a + 1; b < 3; b++)
            for (size_t i = 0; i < list[b]->n; i++) {
                const rl_text *s = &list[b]->v[i];
                if (texts_hold(list[a], s->s))
                    return FAIL(f, s->at, "status '%s' is listed as %s and as %s", s->s, kind[a], kind[b]);
            }
    return RL_OK;
}

static rl_code check_tables(const rl_study *s, rl_form *f)
{
    if (!s->deals.file.given && !s->panel.file.given && !s->leads.file.given) {
        rl_yaml_fail(f->doc, f->doc->root.line, f->doc->root.col, f->cx,
                     "the study has no data: none of 'deals', 'leads' and 'panel' is there");
        return rl_hint(f->cx, "'revlift init FILE.csv ..' writes a first study file from CSV files");
    }
    RL_TRY(check_statuses(&s->deals, f));
    for (size_t i = 0; i < s->deals.n_lookup; i++)
        if (s->deals.lookup[i].add.n == 0)
            return FAIL(f, s->deals.lookup[i].file.at, "a lookup in 'deals' adds no column: its 'add' is empty");
    if (s->market.file.given && s->market.columns.n == 0)
        return FAIL(f, s->market.file.at, "'market.columns' is empty");
    if (s->panel.file.given && s->panel.columns.n == 0) return FAIL(f, s->panel.file.at, "'panel.columns' is empty");
    if (s->leads.won_file.given && s->leads.id.s == NULL) {
        FAIL(f, s->leads.won_file.at, "'leads.won' needs 'leads.id' to match its keys with");
        return rl_hint(f->cx, "name the column of '%s' that identifies a lead", s->leads.file.source.name);
    }
    if (s->touches.file.given && s->touches.account.s == NULL && s->touches.deal.s == NULL) {
        FAIL(f, s->touches.file.at, "'touchpoints' needs 'account' or 'deal': whom did a touch reach?");
        return rl_hint(f->cx, "name the column that says which company or which deal was touched");
    }
    if (s->n_where > 0 && !s->deals.file.given)
        return FAIL(f, s->where[0].column.at, "'where' keeps deals, and there is no 'deals' section");
    return RL_OK;
}

/* ------------------------------------------------------------ names */

/* Names become file names and link targets: letters (any script), digits, '-', '_', '.'. */
static rl_code check_name(const char *what, const char *name, rl_at at, rl_form *f)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t n = strlen(name);
    bool ok = n > 0 && n <= 64 && name[0] != '.' && name[0] != '-';
    for (size_t i = 0; ok && i < n; i++) ok = (unsigned char)name[i] >= 0x80 || strchr(safe, name[i]) != NULL;
    if (ok) return RL_OK;
    FAIL(f, at, "'%.80s' cannot name a %s", name, what);
    return rl_hint(f->cx, "up to 64 letters, digits, '-', '_' and '.', not starting with '-' or '.'");
}

/* ------------------------------------------------------------ programmes */

static bool is_date(const rl_text *t, int32_t *day) { return t->s != NULL && rl_day_parse(t->s, strlen(t->s), day); }

static rl_code need_date(const char *key, const rl_text *t, rl_form *f)
{
    if (t->s == NULL) return RL_OK;
    FAIL(f, t->at, "'%s' must be a date such as 2026-06-30, not '%s': there is no 'file' to hold a column", key, t->s);
    return rl_hint(f->cx, "give the date, or a 'file' with one row a unit");
}

static rl_code check_source(rl_program_spec *p, rl_form *f)
{
    if (p->file.given && p->where_units.n > 0)
        return FAIL(f, p->where_units.v[0].at, "programme '%s' has both 'file' and 'units'", p->name);
    if (p->file.given) {
        if (p->unit.s != NULL) return RL_OK;
        FAIL(f, p->at, "programme '%s' lacks the key 'unit'", p->name);
        return rl_hint(f->cx, "unit: the column of '%s' that says who got it", p->file.source.name);
    }
    if (p->where_units.n == 0) {
        FAIL(f, p->at, "programme '%s' says nothing about who got it", p->name);
        return rl_hint(f->cx, "give 'file' and 'unit', or list the units: units: [a, b]");
    }
    if (p->where.column.s != NULL)
        return FAIL(f, p->where.column.at, "'where' picks rows of a 'file', and programme '%s' has none", p->name);
    if (p->dose.s != NULL)
        return FAIL(f, p->dose.at, "'dose' is a column of a 'file', and programme '%s' has none", p->name);
    RL_TRY(need_date("start", &p->start, f));
    return need_date("end", &p->end, f);
}

static rl_code check_cost(const rl_study *s, const rl_program_spec *p, rl_form *f)
{
    int given = (p->cost_channels.n > 0) + (p->cost_column.s != NULL) + !isnan(p->cost_total);
    if (given > 1) return FAIL(f, p->at, "programme '%s' gives its cost in more than one way", p->name);
    if (p->cost_channels.n > 0 && (!s->spend.file.given || s->spend.channel.s == NULL))
        return FAIL(f, p->cost_channels.v[0].at, "'cost.channels' needs a 'spend' section with a 'channel' column");
    if (p->cost_column.s == NULL) return RL_OK;
    if (!s->panel.file.given)
        return FAIL(f, p->cost_column.at, "'cost.column' is a column of the panel, and there is no 'panel' section");
    if (texts_hold(&s->panel.columns, p->cost_column.s)) return RL_OK;
    FAIL(f, p->cost_column.at, "'cost.column' names '%s', which 'panel.columns' does not list", p->cost_column.s);
    names known = {.in = f->cx->tmp};
    add_all(&known, &s->panel.columns);
    return rl_form_suggest(f->cx, p->cost_column.s, "columns", known.v, known.n);
}

static rl_code check_program(const rl_study *s, rl_program_spec *p, rl_form *f)
{
    RL_TRY(check_name("programme", p->name, p->at, f));
    rl_at end_at = p->end.at;
    if (is_date(&p->start, &p->fixed_start)) p->start = (rl_text){NULL, p->start.at};
    if (is_date(&p->end, &p->fixed_end)) p->end = (rl_text){NULL, p->end.at};
    if (p->fixed_start != RL_NO_DAY && p->fixed_end != RL_NO_DAY && p->fixed_end < p->fixed_start)
        return FAIL(f, end_at, "programme '%s' ends before it starts", p->name);
    RL_TRY(check_source(p, f));
    return check_cost(s, p, f);
}

/* ------------------------------------------------------------ models */

static rl_code unknown_outcome(const rl_study *s, const rl_model_spec *m, rl_form *f)
{
    names known = {.in = f->cx->tmp};
    for (int o = RL_OUT_VALUE; o < RL_OUT_COLUMN; o++) add(&known, OUTCOME[o]);
    add_all(&known, &s->panel.columns);
    FAIL(f, m->outcome_column.at, "model '%s': unknown outcome '%s'", m->name, m->outcome_column.s);
    return rl_form_suggest(f->cx, m->outcome_column.s, s->panel.file.given ? "outcomes and panel columns" : "outcomes",
                           known.v, known.n);
}

/* A known outcome of the deals, or a column of the panel.  With `level: panel`, or without deals,
 * a panel column that is called like an outcome is meant. */
static rl_code find_outcome(const rl_study *s, rl_model_spec *m, rl_form *f)
{
    const char *name = m->outcome_column.s;
    if (name == NULL) return RL_OK;
    bool column = s->panel.file.given && texts_hold(&s->panel.columns, name);
    bool panel_meant = !s->deals.file.given || (m->level.s != NULL && strcmp(m->level.s, "panel") == 0);
    rl_outcome known = RL_OUT_NONE;
    for (int o = RL_OUT_VALUE; o < RL_OUT_COLUMN; o++)
        if (strcmp(OUTCOME[o], name) == 0) known = (rl_outcome)o;
    if (column && (known == RL_OUT_NONE || panel_meant)) {
        m->outcome = RL_OUT_COLUMN;
        return RL_OK;
    }
    if (known == RL_OUT_NONE) return unknown_outcome(s, m, f);
    m->outcome = known;
    if (!s->deals.file.given)
        return FAIL(f, m->outcome_column.at, "model '%s': outcome '%s' needs a 'deals' section", m->name, name);
    bool money =
        known == RL_OUT_VALUE || known == RL_OUT_DEAL_SIZE || known == RL_OUT_LOG_DEAL_SIZE || known == RL_OUT_REVENUE;
    if (money && s->deals.amount.s == NULL) {
        FAIL(f, m->outcome_column.at, "model '%s': outcome '%s' needs 'deals.amount'", m->name, name);
        return rl_hint(f->cx, "name the column of '%s' that holds the money", s->deals.file.source.name);
    }
    m->outcome_column = (rl_text){NULL, m->outcome_column.at};
    return RL_OK;
}

static rl_code check_treatment(const rl_study *s, rl_model_spec *m, rl_form *f)
{
    if (m->treatment.s == NULL) return RL_OK;
    names known = {.in = f->cx->tmp};
    for (size_t i = 0; i < s->n_programs; i++) add(&known, s->program[i].name);
    if (holds(&known, m->treatment.s)) return RL_OK;
    FAIL(f, m->treatment.at, "model '%s': the study has no programme '%s'", m->name, m->treatment.s);
    return rl_form_suggest(f->cx, m->treatment.s, "programmes", known.v, known.n);
}

static rl_code check_level(const rl_study *s, const rl_model_spec *m, rl_form *f)
{
    if (m->level.s == NULL) return RL_OK;
    names known = {.in = f->cx->tmp};
    if (s->deals.file.given) {
        add(&known, "deal");
        if (s->deals.account.s != NULL) add(&known, "account");
        add_all(&known, &s->deals.group);
        for (size_t i = 0; i < s->deals.n_lookup; i++) add_all(&known, &s->deals.lookup[i].add);
        add_all(&known, &s->accounts.fixed);
    }
    if (s->panel.file.given) add(&known, "panel");
    if (s->deals.file.given && m->formula.s != NULL) add(&known, "all"); /* one series of everything */
    if (holds(&known, m->level.s)) return RL_OK;
    FAIL(f, m->level.at, "model '%s': there is no level '%s'", m->name, m->level.s);
    return rl_form_suggest(f->cx, m->level.s, "levels", known.v, known.n);
}

static rl_code check_covariates(const rl_study *s, const rl_model_spec *m, rl_form *f)
{
    names known = {.in = f->cx->tmp};
    add_all(&known, &s->accounts.fixed);
    for (size_t i = 0; i < m->covariates.n; i++) {
        const rl_text *c = &m->covariates.v[i];
        if (holds(&known, c->s)) continue;
        FAIL(f, c->at, "model '%s': covariate '%s' is not listed in 'accounts.fixed'", m->name, c->s);
        rl_form_suggest(f->cx, c->s, "a covariate must have been fixed before the programme; fixed", known.v, known.n);
        return RL_EINPUT;
    }
    return RL_OK;
}

/* An estimator from which no lift can be counted, let alone money. */
static rl_code check_gives_lift(const rl_model_spec *m, const rl_estimator *e, rl_form *f)
{
    if (e == NULL || e->no_lift == NULL) return RL_OK;
    FAIL(f, m->estimator.at, "model '%s': estimator '%s' %s: no lift can be counted from it", m->name, e->name,
         e->no_lift);
    return rl_hint(f->cx, "leave 'estimator' out, or take cs, bjs, did2s, sunab: the report shows the event study and "
                          "the other estimators beside it");
}

/* `method` and `anticipation`, where the estimator of a programme knows them. */
static rl_code check_manner(const rl_model_spec *m, const rl_estimator *e, rl_form *f)
{
    const char *method = m->method.s;
    if (method != NULL && (e == NULL || e->methods == NULL)) {
        FAIL(f, m->method.at, "model '%s': estimator '%s' takes no 'method'", m->name, m->estimator.s);
        return rl_hint(f->cx, "estimator: cs has dr, reg and ipw");
    }
    if (method != NULL) {
        const char *list = rl_sprintf(f->cx->tmp, " %s ", e->methods);
        if (strchr(method, ' ') != NULL || strstr(list, rl_sprintf(f->cx->tmp, " %s ", method)) == NULL) {
            FAIL(f, m->method.at, "model '%s': estimator '%s' has no method '%s'", m->name, e->name, method);
            return rl_hint(f->cx, "known: %s", e->methods);
        }
    }
    if (m->anticipation == 0 || (e != NULL && e->takes != NULL && strstr(e->takes, " anticipation ") != NULL))
        return RL_OK;
    FAIL(f, m->at, "model '%s': estimator '%s' takes no 'anticipation'", m->name, m->estimator.s);
    return rl_hint(f->cx, "estimators cs, bjs and did2s do");
}

static rl_code check_estimator(const rl_model_spec *m, rl_form *f)
{
    const rl_estimator *e = rl_estimator_by_name(m->estimator.s);
    if (e == NULL && strcmp(m->estimator.s, "auto") != 0) {
        const char **known = RL_NEW(f->cx->tmp, const char *, rl_estimator_count() + 1);
        for (size_t i = 0; i < rl_estimator_count(); i++) known[i] = rl_estimator_at(i)->name;
        known[rl_estimator_count()] = "auto";
        FAIL(f, m->estimator.at, "model '%s': there is no estimator '%s'", m->name, m->estimator.s);
        return rl_form_suggest(f->cx, m->estimator.s, "estimators", known, rl_estimator_count() + 1);
    }
    if (m->treatment.s == NULL && e != NULL && e->needs_cohort) {
        FAIL(f, m->estimator.at, "model '%s': estimator '%s' needs a 'treatment'", m->name, m->estimator.s);
        return rl_hint(f->cx, "name the programme, or use estimator: ols for a formula alone");
    }
    if (m->treatment.s != NULL && e != NULL && !e->needs_cohort) {
        FAIL(f, m->estimator.at, "model '%s': '%s' is not an estimator for a programme", m->name, m->estimator.s);
        return rl_hint(f->cx, "leave 'estimator' out: the program picks one for the design and says why");
    }
    if (m->treatment.s == NULL) return RL_OK;
    RL_TRY(check_gives_lift(m, e, f));
    return check_manner(m, e, f);
}

/* --- keys of the one kind of model in the other ------------------------------- */

static const struct foreign {
    const char *key;
    bool of_formula; /* it belongs to a formula; else to a programme */
    const char *instead;
} FOREIGN[] = {
    {"lags", true, "lags of a regression; leave it out"},
    {"max_lags", true, "lags of a regression; leave it out"},
    {"ic", true, "it chooses the lags of a regression; leave it out"},
    {"shock", true, "it is for estimator lp and a formula; leave it out"},
    {"periods", true, "it is for estimator lp and a formula; 'window' sets the event times that are shown"},
    {"average", true, "it averages lag responses of a formula; leave it out"},
    {"cluster", false, "write vcov: cluster:COLUMN"},
    {"covariates", false, "write them into the formula"},
    {"window", false, "event times count from the start of a programme; periods: 12 shows those after a shock (lp)"},
    {"anticipation", false, "lead(x, 1) in the formula shows what comes before"},
    {"control", false, "a formula compares with all other rows; name a 'treatment' to choose who is compared with"},
};

/* A key that would do nothing is a mistake: it is refused where it stands. */
static rl_code check_foreign(const rl_model_spec *m, rl_form *f)
{
    const rl_node *models = rl_node_get(&f->doc->root, "models"),
                  *map = models != NULL ? rl_node_get(models, m->name) : NULL;
    for (size_t i = 0; map != NULL && i < map->n; i++)
        for (size_t k = 0; k < sizeof FOREIGN / sizeof *FOREIGN; k++) {
            const rl_node *key = &map->key[i];
            if (FOREIGN[k].of_formula == (m->formula.s != NULL) || strcmp(key->text, FOREIGN[k].key) != 0) continue;
            rl_yaml_fail(f->doc, key->line, key->col, f->cx, "model '%s': '%s' does nothing %s", m->name, key->text,
                         FOREIGN[k].of_formula ? "for a programme: it belongs to a 'formula'"
                                               : "in a formula: it belongs to a programme ('treatment')");
            return rl_hint(f->cx, "%s", FOREIGN[k].instead);
        }
    return RL_OK;
}

/* `vcov` of a programme says by which column errors are clustered, as `cluster` does, and nothing else. */
static rl_code check_errors(rl_model_spec *m, rl_form *f)
{
    rl_vcov_spec v;
    if (m->vcov.s == NULL || m->treatment.s == NULL) return RL_OK;
    rl_code code = rl_vcov_parse(m->vcov.s, &v, f->in, f->cx);
    if (code != RL_OK) {
        const char *what = rl_strdup(f->cx->tmp, f->cx->err.what);
        rl_forgive(f->cx);
        FAIL(f, m->vcov.at, "model '%s': %s", m->name, what);
        return rl_hint(f->cx, "the errors of a programme are clustered: vcov: cluster:COLUMN, or leave it out");
    }
    if (v.kind != RL_CLUSTER || v.ways != 1) {
        FAIL(f, m->vcov.at, "model '%s': '%s' cannot be the errors of a programme", m->name, m->vcov.s);
        return rl_hint(f->cx,
                       "it was assigned by unit, so its errors are clustered by the unit or by one column above it: "
                       "vcov: cluster:COLUMN, or leave it out");
    }
    if (m->cluster.s != NULL && strcmp(m->cluster.s, v.by[0]) != 0) {
        FAIL(f, m->vcov.at, "model '%s': 'vcov' clusters by '%s', and 'cluster' by '%s'", m->name, v.by[0],
             m->cluster.s);
        return rl_hint(f->cx, "keep one of the two");
    }
    m->cluster = (rl_text){v.by[0], m->vcov.at};
    return RL_OK;
}

static rl_code check_weights(const rl_study *s, const rl_model_spec *m, rl_form *f)
{
    bool own = m->outcome == RL_OUT_COLUMN;
    names known = {.in = f->cx->tmp};
    if (m->weights.s == NULL || m->treatment.s == NULL) return RL_OK;
    const rl_estimator *e = m->estimator.s != NULL ? rl_estimator_by_name(m->estimator.s) : NULL;
    if (e != NULL && e->no_weights != NULL) {
        FAIL(f, m->weights.at, "model '%s': estimator '%s' takes no 'weights': %s", m->name, e->name, e->no_weights);
        return rl_hint(f->cx, "estimators etwfe, cs, bjs, did2s, sunab and dcdh do");
    }
    add_all(&known, own ? &s->panel.columns : &s->accounts.fixed);
    if (holds(&known, m->weights.s)) return RL_OK;
    FAIL(f, m->weights.at, "model '%s': 'weights' names '%s', which '%s' does not list", m->name, m->weights.s,
         own ? "panel.columns" : "accounts.fixed");
    return rl_form_suggest(f->cx, m->weights.s, own ? "columns of the panel" : "fixed columns of the accounts", known.v,
                           known.n);
}

/* What is counted by booking date: revenue, or the series of a formula. */
static rl_code check_clock(const rl_model_spec *m, rl_form *f)
{
    if (!m->clock_event) return RL_OK;
    bool rows = m->formula.s != NULL && (strcmp(m->level.s, "deal") == 0 || strcmp(m->level.s, "panel") == 0);
    if (rows) {
        FAIL(f, m->level.at,
             "model '%s': 'clock: event' counts deals by period, and the rows of level '%s' are no such counts",
             m->name, m->level.s);
        return rl_hint(f->cx, "leave 'clock' out, or use a level of units such as account, a group column or all");
    }
    if (m->formula.s != NULL || m->outcome == RL_OUT_REVENUE) return RL_OK;
    FAIL(f, m->outcome_column.at, "model '%s': 'clock: event' is for outcome 'revenue', not '%s'", m->name,
         m->outcome == RL_OUT_COLUMN ? m->outcome_column.s : OUTCOME[m->outcome]);
    return rl_hint(f->cx, "leave 'clock' out: deals are followed from their creation, and only booked revenue is not");
}

static rl_code check_asked(rl_model_spec *m, rl_form *f)
{
    if (m->formula.s != NULL && m->treatment.s != NULL) {
        FAIL(f, m->formula.at, "model '%s' has both 'treatment' and 'formula'", m->name);
        return rl_hint(f->cx, "a treatment is compared by its own design, a formula is a regression: make two models");
    }
    if (m->formula.s == NULL && m->treatment.s == NULL) {
        FAIL(f, m->at, "model '%s' has neither 'treatment' nor 'formula'", m->name);
        return rl_hint(f->cx, "name the programme whose effect is asked for, or write a formula");
    }
    if (m->formula.s != NULL && m->level.s == NULL) {
        FAIL(f, m->formula.at, "model '%s' has a 'formula' and no 'level'", m->name);
        return rl_hint(f->cx, "say which rows it is fitted on: deal, account, panel, all or a group column");
    }
    if (m->formula.s == NULL && m->channels.n > 0) {
        FAIL(f, m->channels.v[0].at, "model '%s' has 'channels' and no 'formula'", m->name);
        return rl_hint(f->cx, "money by channel comes from a regression: write a formula with their spend in it");
    }
    if (m->formula.s == NULL && m->outcome_column.s == NULL) {
        FAIL(f, m->at, "model '%s' lacks the key 'outcome'", m->name);
        return rl_hint(f->cx, "what should the programme have changed: value, win_rate, deal_size, velocity, ..");
    }
    if (m->estimator.s == NULL) m->estimator.s = "auto";
    return check_estimator(m, f);
}

static rl_code check_model(const rl_study *s, rl_model_spec *m, rl_form *f)
{
    RL_TRY(check_name("model", m->name, m->at, f));
    RL_TRY(check_asked(m, f));
    RL_TRY(check_foreign(m, f));
    RL_TRY(check_errors(m, f));
    RL_TRY(find_outcome(s, m, f));
    RL_TRY(check_weights(s, m, f));
    RL_TRY(check_treatment(s, m, f));
    RL_TRY(check_level(s, m, f));
    RL_TRY(check_clock(m, f));
    return check_covariates(s, m, f);
}

/* A column of `by` must be one that is read: a fixed column of the accounts, or a group column of the deals. */
static rl_code check_by(const rl_study *s, rl_form *f)
{
    names known = {.in = f->cx->tmp};
    add_all(&known, &s->accounts.fixed);
    add_all(&known, &s->deals.group);
    for (size_t i = 0; i < s->deals.n_lookup; i++) add_all(&known, &s->deals.lookup[i].add);
    for (size_t i = 0; i < s->by.n; i++) {
        const rl_text *c = &s->by.v[i];
        if (holds(&known, c->s)) continue;
        FAIL(f, c->at, "'by' names '%s', which neither 'accounts.fixed' nor 'deals.group' lists", c->s);
        return rl_form_suggest(f->cx, c->s, "columns that can make groups", known.v, known.n);
    }
    return RL_OK;
}

rl_code rl_study_check(rl_study *s, rl_form *f)
{
    RL_TRY(check_tables(s, f));
    for (size_t i = 0; i < s->n_programs; i++) RL_TRY(check_program(s, &s->program[i], f));
    RL_TRY(rl_study_check_roles(s, f));
    RL_TRY(check_by(s, f));
    for (size_t i = 0; i < s->n_models; i++) RL_TRY(check_model(s, &s->model[i], f));
    return RL_OK;
}
