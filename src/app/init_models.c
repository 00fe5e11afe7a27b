/* Programmes and models of the study file that `revlift init` writes. */
#include <string.h>

#include "app/init_pen.h"
#include "base/date.h"

enum { NAME_MOST = 64 };

/* Letters, digits and dashes of a text, up to `stop`. */
static const char *safe_name(const char *s, char stop, rl_arena *in)
{
    rl_str t = rl_str_new(in);
    for (; *s != '\0' && *s != stop && t.n < 40; s++) {
        bool safe = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (safe)
            rl_str_addc(&t, *s);
        else if (t.n > 0 && t.s[t.n - 1] != '-')
            rl_str_addc(&t, '-');
    }
    return t.n > 0 ? t.s : "x";
}

static const char *program_name(const rl_pen *p, size_t i)
{
    const char *path = p->path[i], *slash = strrchr(path, '/');
    const char *name = safe_name(slash != NULL ? slash + 1 : path, '.', p->cx->tmp);
    for (size_t k = 0; k < p->n; k++)
        if (k != i && p->guess[k].kind == RL_KIND_PROGRAM) return rl_sprintf(p->cx->tmp, "%s-%zu", name, i + 1);
    return name;
}

static bool unit_is_known(const rl_pen *p, const char *unit)
{
    size_t panel = rl_pen_find(p, RL_KIND_PANEL);
    return rl_pen_in_deals(p, unit) || (panel < p->n && strcmp(rl_pen_column(p, panel, RL_ROLE_UNIT), unit) == 0);
}

static void cost_hint(rl_pen *p)
{
    size_t s = rl_pen_find(p, RL_KIND_SPEND);
    if (s < p->n) {
        const rl_seen_col *c = &p->file[s].col[p->guess[s].role[RL_ROLE_CHANNEL]];
        rl_str_add(p->t, "    # cost: {channels: [..]}    which of these belong to it? ");
        for (size_t v = 0; v < c->values->n && v < 12; v++) {
            rl_str_add(p->t, v > 0 ? ", " : "");
            rl_yaml_text(p->t, c->values->text[v]);
        }
        rl_str_addc(p->t, '\n');
        return;
    }
    rl_str_add(p->t, "    # cost: {total: 50000}    for ROI: its whole cost\n");
}

void rl_pen_programs(rl_pen *p)
{
    static const rl_role order[] = {RL_ROLE_UNIT, RL_ROLE_START, RL_ROLE_END, RL_ROLE_DOSE};
    if (rl_pen_find(p, RL_KIND_PROGRAM) == p->n) return;
    rl_str_add(p->t, "\nprograms:\n");
    for (size_t i = 0; i < p->n; i++) {
        if (p->guess[i].kind != RL_KIND_PROGRAM) continue;
        rl_str_addf(p->t, "  %s:\n", program_name(p, i));
        rl_pen_file(p, i, "    ");
        for (size_t r = 0; r < sizeof order / sizeof *order; r++) {
            if (p->guess[i].role[order[r]] < 0) continue;
            rl_str_add(p->t, "  ");
            rl_pen_role(p, i, order[r]);
        }
        cost_hint(p);
        const char *unit = rl_pen_column(p, i, RL_ROLE_UNIT);
        if (unit_is_known(p, unit)) continue;
        rl_str_add(p->t, "    # CHECK: the deals have no column of this name; its values must be accounts\n");
        rl_remark(p->cx, "init", "programme '%s': the deals have no column '%s'; its values are read as accounts",
                  program_name(p, i), unit);
    }
}

static void one_model(rl_pen *p, const char *lead, const char *name, const char *question, const char *outcome,
                      const char *program, bool first)
{
    rl_str_addf(p->t, "%s  %s:\n%s    question: %s\n%s    outcome: ", lead, name, lead, question, lead);
    rl_yaml_text(p->t, outcome);
    rl_str_addf(p->t, "\n%s    treatment: %s\n", lead, program);
    if (first) rl_str_addf(p->t, "%s    primary: yes\n", lead);
}

static bool is_cost(const char *name)
{
    char plain[NAME_MOST];
    rl_name_plain(name, plain, sizeof plain);
    return strstr(plain, "cost") != NULL || strstr(plain, "spend") != NULL || strstr(plain, "budget") != NULL;
}

static void panel_models(rl_pen *p, const char *lead, const char *program, const char *after)
{
    size_t i = rl_pen_find(p, RL_KIND_PANEL), made = 0;
    bool alone = rl_pen_find(p, RL_KIND_DEALS) == p->n;
    const char **v = RL_NEW(p->cx->tmp, const char *, p->file[i].n);
    size_t n = rl_pen_figures(p, i, v);
    for (size_t k = 0; k < n; k++) {
        if (is_cost(v[k])) continue;
        const char *name = rl_sprintf(p->cx->tmp, "panel-%zu-%s%s", k + 1, safe_name(v[k], '\0', p->cx->tmp), after);
        one_model(p, lead, name, "By how much did the programme move this column?", v[k], program,
                  alone && made++ == 0);
        rl_str_addf(p->t, "%s    level: panel\n", lead);
    }
}

static void models_of(rl_pen *p, const char *lead, const char *program, const char *after)
{
    rl_arena *in = p->cx->tmp;
    size_t d = rl_pen_find(p, RL_KIND_DEALS);
    bool money = d < p->n && p->guess[d].role[RL_ROLE_AMOUNT] >= 0;
    if (money)
        one_model(p, lead, rl_sprintf(in, "value%s", after), "How much more was won because of the programme?", "value",
                  program, true);
    if (d < p->n)
        one_model(p, lead, rl_sprintf(in, "win-rate%s", after), "Did the programme raise the win rate?", "win_rate",
                  program, !money);
    if (money)
        one_model(p, lead, rl_sprintf(in, "deal-size%s", after), "Did won deals become larger?", "deal_size", program,
                  false);
    if (d < p->n)
        one_model(p, lead, rl_sprintf(in, "velocity%s", after), "Were deals won sooner or more often?", "velocity",
                  program, false);
    if (rl_pen_find(p, RL_KIND_PANEL) < p->n) panel_models(p, lead, program, after);
}

/* A file nobody needs yet that has the panel's units and a column of few values: an assignment. */
static bool assignment(rl_pen *p, size_t panel, int32_t *middle)
{
    const rl_seen_col *date = &p->file[panel].col[p->guess[panel].role[RL_ROLE_DATE]];
    const char *unit = rl_pen_column(p, panel, RL_ROLE_UNIT);
    *middle = date->first + (date->last - date->first) / 2;
    for (size_t i = 0; i < p->n; i++) {
        int arm = -1, key = -1;
        for (size_t j = 0; j < p->file[i].n && p->guess[i].kind == RL_KIND_NONE; j++) {
            const rl_seen_col *c = &p->file[i].col[j];
            if (strcmp(c->name, unit) == 0)
                key = (int)j;
            else if (c->values->n >= 2 && c->values->n <= 8 && !c->unique)
                arm = (int)j;
        }
        if (arm < 0 || key < 0) continue;
        const rl_seen_col *c = &p->file[i].col[arm];
        rl_str_add(p->t, "#   program:\n#     file: ");
        rl_yaml_text(p->t, p->path[i]);
        rl_str_add(p->t, "\n#     unit: ");
        rl_yaml_text(p->t, unit);
        rl_str_add(p->t, "\n#     where: {");
        rl_yaml_text(p->t, c->name);
        rl_str_add(p->t, ": [");
        rl_yaml_text(p->t, c->values->text[0]);
        rl_str_add(p->t, "]}      # CHECK: the value of those that got it\n");
        return true;
    }
    return false;
}

static void no_program(rl_pen *p)
{
    size_t panel = rl_pen_find(p, RL_KIND_PANEL), d = rl_pen_find(p, RL_KIND_DEALS);
    if (d == p->n && panel == p->n) {
        rl_remark(p->cx, "init", "leads alone: the study describes them and measures no lift");
        return;
    }
    const char *unit = d == p->n                                      ? rl_pen_column(p, panel, RL_ROLE_UNIT)
                       : rl_pen_column(p, d, RL_ROLE_ACCOUNT) != NULL ? rl_pen_column(p, d, RL_ROLE_ACCOUNT)
                                                                      : "account";
    int32_t middle = 0;
    char day[16];
    rl_remark(
        p->cx, "init",
        "no file says who got a marketing programme and from when: the study describes the data and can measure no "
        "lift; the end of the study file shows how to add one");
    rl_str_add(p->t, "\n# MISSING: who got a marketing programme, and from when. Until a programme is here the study\n"
                     "# describes the data and measures no lift. A programme is a CSV file with one row for each one\n"
                     "# that got it and the day it began. With that file, remove the '# ' from the lines below.\n"
                     "#\n# programs:\n");
    if (d == p->n && assignment(p, panel, &middle)) {
        rl_str_addf(p->t, "#     start: %s      # CHECK: the day it began\n", rl_day_text(day, middle));
    } else {
        rl_str_add(p->t, "#   program:\n#     file: programs.csv\n#     unit: ");
        rl_yaml_text(p->t, unit);
        rl_str_add(p->t, "\n#     start: start      # a column of dates, or one date for all\n");
    }
    rl_str_add(p->t, "# models:\n");
    models_of(p, "# ", "program", "");
}

void rl_pen_models(rl_pen *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) n += p->guess[i].kind == RL_KIND_PROGRAM;
    bool outcomes = rl_pen_find(p, RL_KIND_DEALS) < p->n || rl_pen_find(p, RL_KIND_PANEL) < p->n;
    if (n == 0) no_program(p);
    if (n == 0 || !outcomes) return;
    rl_str_add(p->t, "\nmodels:\n");
    for (size_t i = 0; i < p->n; i++) {
        if (p->guess[i].kind != RL_KIND_PROGRAM) continue;
        const char *name = program_name(p, i);
        models_of(p, "", name, n > 1 ? rl_sprintf(p->cx->tmp, "-%s", name) : "");
    }
}
