#include "model/study.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void set_defaults(rl_study *s, const char *path, rl_arena *in)
{
    static const char *const ages[] = {"30", "90", "180", "365"};
    enum { N_AGES = sizeof ages / sizeof *ages };

    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path, *dot = strrchr(base, '.');
    *s = (rl_study){
        .path = rl_strdup(in, path), .currency = "", .calendar = {RL_QUARTER, 1}, .cut = RL_NO_DAY, .level = 0.95};
    s->folder = slash == NULL ? "" : rl_strndup(in, path, slash == path ? 1 : (size_t)(slash - path));
    s->title = rl_strndup(in, base, dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base));
    for (int r = 0; r < RL_RULES_END; r++) s->policy[r] = rl_rule_default((rl_rule)r);
    s->ages = (rl_texts){N_AGES, RL_NEW(in, rl_text, N_AGES)};
    for (size_t i = 0; i < N_AGES; i++) s->ages.v[i].s = ages[i];
    s->panel.first = RL_NO_DAY;
    s->money = (rl_money_spec){.gross_margin = (double)NAN, .discount_rate = (double)NAN, .loaded_cost = 1};
}

static void place(rl_file *file, const char *folder, rl_arena *in)
{
    const char *name = file->source.name;
    if (!file->given || folder[0] == '\0' || name[0] == '/') return;
    file->source.path = rl_sprintf(in, "%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", name);
}

rl_file **rl_study_files(rl_study *s, size_t *n, rl_arena *in)
{
    rl_file *single[] = {&s->deals.file, &s->accounts.file, &s->leads.file, &s->leads.won_file,   &s->touches.file,
                         &s->spend.file, &s->market.file,   &s->panel.file, &s->money.ledger.file};
    const size_t singles = sizeof single / sizeof *single;
    rl_file **file = RL_NEW(in, rl_file *, singles + s->deals.n_lookup + s->n_programs);
    memcpy(file, single, sizeof single);
    *n = singles;
    for (size_t i = 0; i < s->deals.n_lookup; i++) file[(*n)++] = &s->deals.lookup[i].file;
    for (size_t i = 0; i < s->n_programs; i++) file[(*n)++] = &s->program[i].file;
    return file;
}

rl_code rl_study_place(rl_study *s, rl_ctx *cx)
{
    rl_err *e = &cx->err;
    size_t n;
    rl_file **file = rl_study_files(s, &n, cx->tmp);
    if (e->file == NULL && e->line > 0) e->file = rl_strdup(cx->keep, s->path);
    for (size_t i = 0; i < n && e->file != NULL && e->line == 0 && e->code == RL_EINPUT; i++) {
        if (!file[i]->given || strcmp(file[i]->source.name, e->file) != 0) continue;
        rl_context(cx, "%.200s: ", e->file);
        e->file = rl_strdup(cx->keep, s->path);
        e->line = file[i]->at.line;
        e->col = file[i]->at.col;
    }
    return e->code;
}

static rl_code make(const char *path, rl_doc *doc, rl_study *out, rl_arena *in, rl_ctx *cx)
{
    rl_form form = {doc, in, cx};
    set_defaults(out, path, in);
    RL_TRY(rl_schema_read(&form, rl_study_keys, "", &doc->root, out));
    size_t n;
    rl_file **file = rl_study_files(out, &n, in);
    for (size_t i = 0; i < n; i++) place(file[i], out->folder, in);
    /* money and markets are often kept by month; what happened on a day is not */
    out->spend.file.source.periods = out->market.file.source.periods = out->panel.file.source.periods = true;
    if (out->panel.first != RL_NO_DAY) {
        out->panel.file.source.numbered = out->calendar;
        out->panel.file.source.first_day = out->panel.first;
    }
    return rl_study_check(out, &form);
}

rl_code rl_study_read(const char *path, rl_study *out, rl_arena *in, rl_ctx *cx)
{
    rl_doc doc;
    RL_TRY(rl_yaml_read(path, &doc, in, cx));
    return make(path, &doc, out, in, cx);
}

rl_code rl_study_parse(const char *path, const char *text, size_t n, rl_study *out, rl_arena *in, rl_ctx *cx)
{
    rl_doc doc;
    RL_TRY(rl_yaml_parse(path, text, n, &doc, in, cx));
    return make(path, &doc, out, in, cx);
}

void rl_study_help(rl_str *t)
{
    rl_str_add(t, "A study file is YAML: sections, each a map of keys. Paths are relative to the study file,\n"
                  "columns go by their name in the CSV header, and text is text: 'no' and 1.10 need no quotes.\n"
                  "At least one of deals, leads and panel must be there.\n\n");
    for (const rl_key *k = rl_study_keys; k->name != NULL; k++) {
        rl_str_addf(t, "%s:  %s\n", k->name, k->help);
        rl_schema_help(t, k->sub, k->type == RL_KEY_NAMED ? 2 : 1, false);
        rl_str_addc(t, '\n');
    }
    rl_str_add(t, "Every section with a file also takes:\n");
    for (const rl_key *k = rl_study_keys; k->name != NULL; k++)
        if (strcmp(k->name, "spend") == 0) rl_schema_help(t, k->sub, 1, true);
    rl_str_add(t, "\nRules and what happens to the rows they find, unless study.rules says otherwise:\n");
    for (int r = 0; r < RL_RULES_END; r++)
        rl_str_addf(t, "  %-22s %-6s %s\n", rl_rule_name((rl_rule)r), rl_policy_name(rl_rule_default((rl_rule)r)),
                    rl_rule_text((rl_rule)r));
}
