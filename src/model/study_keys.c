/* Every key of a study file: what it is called, what it must be, where it goes, what it is for. */
#include <math.h>
#include <string.h>

#include "model/study.h"

_Static_assert(sizeof(rl_transition) == sizeof(int) && sizeof(rl_period_kind) == sizeof(int) &&
                   sizeof(rl_encoding) == sizeof(int) && sizeof(rl_number_format) == sizeof(int),
               "a choice is stored as an int");

/* ------------------------------------------------------------ choices */

static const rl_choice PERIODS[] = {{"day", RL_DAY},         {"week", RL_WEEK}, {"month", RL_MONTH},
                                    {"quarter", RL_QUARTER}, {"year", RL_YEAR}, {NULL, 0}};
const rl_choice rl_encodings[] = {{"utf-8", RL_UTF8}, {"utf-16", RL_UTF16}, {"latin-1", RL_LATIN1}, {NULL, 0}};
const rl_choice rl_number_formats[] = {
    {"plain", RL_NUMBERS_PLAIN}, {"us", RL_NUMBERS_US}, {"eu", RL_NUMBERS_EU}, {NULL, 0}};
const rl_choice rl_delimiters[] = {{",", ','},     {";", ';'},         {"|", '|'},    {"tab", '\t'}, {"\t", '\t'},
                                   {"comma", ','}, {"semicolon", ';'}, {"pipe", '|'}, {NULL, 0}};
static const rl_choice POLICIES[] = {
    {"error", RL_POLICY_ERROR}, {"drop", RL_POLICY_DROP}, {"keep", RL_POLICY_KEEP}, {NULL, 0}};
static const rl_choice CLOCKS[] = {{"cohort", 0}, {"event", 1}, {NULL, 0}};
static const rl_choice CONTROLS[] = {{"notyet", 0}, {"never", 1}, {NULL, 0}};
static const rl_choice TRANSITIONS[] = {{"drop", RL_TRANSITION_DROP},
                                        {"include", RL_TRANSITION_INCLUDE},
                                        {"anticipate", RL_TRANSITION_ANTICIPATE},
                                        {NULL, 0}};

/* ------------------------------------------------------------ readers of single keys */

static rl_code read_file(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_file *file = to;
    rl_text name;
    RL_TRY(rl_form_text(f, key->name, node, &name));
    file->given = true;
    file->at = name.at;
    file->source.path = file->source.name = name.s; /* study.c puts the folder before the path */
    return RL_OK;
}

static rl_code read_encoding(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    int value = 0;
    RL_TRY(rl_form_choice(f, key->name, node, rl_encodings, &value));
    ((rl_file *)to)->source.encoding = (rl_encoding)value;
    return RL_OK;
}

static rl_code read_delimiter(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    int value = 0;
    RL_TRY(rl_form_choice(f, key->name, node, rl_delimiters, &value));
    ((rl_file *)to)->source.delimiter = (char)value;
    return RL_OK;
}

static rl_code read_numbers(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    int value = 0;
    RL_TRY(rl_form_choice(f, key->name, node, rl_number_formats, &value));
    ((rl_file *)to)->source.numbers = (rl_number_format)value;
    return RL_OK;
}

/* Does a strptime format set year, month and day? */
static bool names_a_day(const char *s)
{
    bool year = false, month = false, day = false;
    for (; *s != '\0'; s++) {
        if (*s != '%') continue;
        s += s[1] == 'E' || s[1] == 'O' ? 2 : 1;
        if (*s == '\0') return false;
        if (strchr("DFxcs+", *s) != NULL) return true;
        year |= strchr("YyG", *s) != NULL;
        month |= strchr("mbBhj", *s) != NULL;
        day |= strchr("dej", *s) != NULL;
    }
    return year && month && day;
}

static rl_code read_date_format(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_text format;
    RL_TRY(rl_form_text(f, key->name, node, &format));
    if (!names_a_day(format.s)) {
        rl_form_fail(f, node, "'date_format' must name year, month and day, not %s", rl_form_got(f, node));
        return rl_hint(f->cx, "for example '%%d/%%m/%%Y' for 31/12/2025, '%%m/%%d/%%Y' for 12/31/2025");
    }
    ((rl_file *)to)->source.date_format = format.s;
    return RL_OK;
}

static rl_code read_missing(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_texts t;
    rl_source *source = &((rl_file *)to)->source;
    RL_TRY(rl_form_texts(f, key->name, node, true, &t));
    const char **token = RL_NEW(f->in, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) token[i] = t.v[i].s;
    source->missing = token;
    source->n_missing = t.n;
    return RL_OK;
}

static rl_code read_one_where(rl_form *f, const rl_node *map, size_t i, rl_where *w)
{
    const rl_node *key = &map->key[i];
    RL_TRY(rl_form_text(f, "where", key, &w->column));
    RL_TRY(rl_form_texts(f, key->text, &map->item[i], false, &w->values));
    return w->values.n > 0 ? RL_OK
                           : rl_form_fail(f, &map->item[i], "'%s' lists no value: no row would be left", key->text);
}

static rl_code read_where(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_study *s = to;
    if (node->kind != RL_NODE_MAP)
        return rl_form_fail(f, node, "'%s' must be a map such as {type: [New]}, not %s", key->name,
                            rl_form_got(f, node));
    s->n_where = node->n;
    s->where = RL_NEW(f->in, rl_where, node->n);
    for (size_t i = 0; i < node->n; i++) RL_TRY(read_one_where(f, node, i, &s->where[i]));
    return RL_OK;
}

static rl_code read_program_where(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    if (node->kind == RL_NODE_MAP && node->n == 1) return read_one_where(f, node, 0, to);
    return rl_form_fail(f, node, "'%s' must be a map of one column, such as {group: [\"2\"]}, not %s", key->name,
                        node->kind == RL_NODE_MAP ? "a map of another size" : rl_form_got(f, node));
}

static rl_code read_rules(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_policy *policy = to;
    if (node->kind != RL_NODE_MAP)
        return rl_form_fail(f, node, "'%s' must be a map such as {duplicate-deal: drop}, not %s", key->name,
                            rl_form_got(f, node));
    for (size_t i = 0; i < node->n; i++) {
        const char *name = node->key[i].text;
        rl_rule rule = rl_rule_by_name(name);
        if (rule == RL_RULES_END) {
            const char *known[RL_RULES_END];
            for (int r = 0; r < RL_RULES_END; r++) known[r] = rl_rule_name((rl_rule)r);
            rl_form_fail(f, &node->key[i], "unknown rule %s", rl_form_got(f, &node->key[i]));
            return rl_form_suggest(f->cx, name, "rules", known, RL_RULES_END);
        }
        int value = 0;
        RL_TRY(rl_form_choice(f, name, &node->item[i], POLICIES, &value));
        if (value == RL_POLICY_KEEP && !rl_rule_keeps(rule)) {
            rl_form_fail(f, &node->item[i], "rule '%s' can be error or drop, not keep", name);
            return rl_hint(f->cx, "it finds %s, and nothing can be counted for that", rl_rule_text(rule));
        }
        policy[rule] = (rl_policy)value;
    }
    return RL_OK;
}

static rl_code read_seed(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_study *s = to;
    const char *t = node->kind == RL_NODE_TEXT ? node->text : "";
    size_t n = strlen(t);
    uint64_t seed = 0;
    bool is = n > 0 && strspn(t, "0123456789") == n;
    for (size_t i = 0; is && i < n; i++) {
        unsigned digit = (unsigned)(t[i] - '0');
        is = seed <= (UINT64_MAX - digit) / 10;
        seed = 10 * seed + digit;
    }
    if (!is)
        return rl_form_fail(f, node, "'%s' must be a whole number from 0 to 2^64 - 1, not %s", key->name,
                            rl_form_got(f, node));
    s->seed = seed;
    s->has_seed = true;
    return RL_OK;
}

static rl_code read_ages(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_texts *ages = to;
    RL_TRY(rl_form_texts(f, key->name, node, false, ages));
    double last = 0;
    for (size_t i = 0; i < ages->n; i++) {
        const rl_node *x = node->kind == RL_NODE_LIST ? &node->item[i] : node;
        double age;
        RL_TRY(rl_form_number(f, key->name, x, 1, 3650, &age));
        if (age != (double)(int)age) return rl_form_fail(f, x, "'ages' are whole days, not %s", rl_form_got(f, x));
        if (age <= last)
            return rl_form_fail(f, x, "'ages' must ascend: '%s' stands after '%s'", x->text, ages->v[i - 1].s);
        last = age;
    }
    return RL_OK;
}

static rl_code read_window(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_model_spec *m = to;
    double lo, hi;
    if (node->kind != RL_NODE_LIST || node->n != 2)
        return rl_form_fail(f, node, "'%s' must be a first and a last event time such as [-8, 6], not %s", key->name,
                            node->kind == RL_NODE_LIST ? "a list of another length" : rl_form_got(f, node));
    RL_TRY(rl_form_number(f, key->name, &node->item[0], -1000, 1000, &lo));
    RL_TRY(rl_form_number(f, key->name, &node->item[1], -1000, 1000, &hi));
    if (lo != (double)(int)lo || hi != (double)(int)hi || lo >= 0 || hi < 0) {
        rl_form_fail(f, node, "'window' must go from a whole number below 0 to one that is 0 or more");
        return rl_hint(f->cx, "event time 0 is the first period with the programme, -1 the last one before it");
    }
    m->window_lo = (int)lo;
    m->window_hi = (int)hi;
    return RL_OK;
}

static void new_program(void *element)
{
    rl_program_spec *p = element;
    p->cost_total = (double)NAN;
    p->fixed_start = p->fixed_end = RL_NO_DAY;
}

/* ------------------------------------------------------------ the tables */

/* clang-format off */
#define AT(T, member) .to = offsetof(T, member)
#define END {.name = NULL}
#define FILE_KEYS(T, member, what)                                                                                  \
    {.name = "file", .type = RL_KEY_OWN, AT(T, member), .required = true, .read = read_file, .wants = "path",       \
     .help = what},                                                                                                    \
    {.name = "encoding", .type = RL_KEY_OWN, AT(T, member), .common = true, .read = read_encoding,                  \
     .wants = "utf-8 | utf-16 | latin-1", .help = "default utf-8; a byte-order mark overrides it"}, \
    {.name = "delimiter", .type = RL_KEY_OWN, AT(T, member), .common = true, .read = read_delimiter,                \
     .wants = ", | ; | tab | '|'", .help = "default: guessed from the header"},                                        \
    {.name = "number_format", .type = RL_KEY_OWN, AT(T, member), .common = true, .read = read_numbers,              \
     .wants = "plain | us | eu", .help = "1234.5 | $1,234.50 | 1.234,50; default plain"},                              \
    {.name = "date_format", .type = RL_KEY_OWN, AT(T, member), .common = true, .read = read_date_format,            \
     .wants = "text", .help = "as strptime, such as '%d/%m/%Y'; default 2025-12-31"},                                  \
    {.name = "missing", .type = RL_KEY_OWN, AT(T, member), .common = true, .read = read_missing,                    \
     .wants = "list of texts", .help = "cells that mean 'no value', such as [NA, '-']; an empty one always does"}

#define TEXT_KEY(T, member, key, h) {.name = key, .type = RL_KEY_TEXT, AT(T, member), .help = h}
#define TEXT_MUST(T, member, key, h) {.name = key, .type = RL_KEY_TEXT, AT(T, member), .required = true, .help = h}
#define TEXTS_KEY(T, member, key, h) {.name = key, .type = RL_KEY_TEXTS, AT(T, member), .help = h}
#define TEXTS_MUST(T, member, key, h) {.name = key, .type = RL_KEY_TEXTS, AT(T, member), .required = true, .help = h}

static const rl_key STUDY[] = {
    {.name = "title", .type = RL_KEY_STRING, AT(rl_study, title), .help = "heads the report; default: the file's name"},
    {.name = "currency", .type = RL_KEY_STRING, AT(rl_study, currency), .help = "of every amount, such as USD"},
    {.name = "period", .type = RL_KEY_CHOICE, AT(rl_study, calendar.kind), .choice = PERIODS,
     .help = "of the analysis; default quarter"},
    {.name = "fiscal_year_start", .type = RL_KEY_WHOLE, AT(rl_study, calendar.fiscal_start), .lo = 1, .hi = 12,
     .help = "month that quarters and years count from; default 1"},
    {.name = "cut", .type = RL_KEY_DATE, AT(rl_study, cut),
     .help = "data cut-off; default: the latest creation or touch date"},
    {.name = "seed", .type = RL_KEY_OWN, .to = 0, .read = read_seed, .wants = "whole number",
     .help = "of every random draw"},
    {.name = "level", .type = RL_KEY_NUMBER, AT(rl_study, level), .lo = 0.5, .hi = 0.9999,
     .help = "of confidence; default 0.95"},
    {.name = "where", .type = RL_KEY_OWN, .to = 0, .read = read_where, .wants = "map of lists",
     .help = "deals to keep, such as {type: [New, Upsell]}"},
    {.name = "rules", .type = RL_KEY_OWN, AT(rl_study, policy), .read = read_rules, .wants = "map of policies",
     .help = "what to do with faulty rows, such as {duplicate-deal: drop}: error | drop | keep"},
    {.name = "ages", .type = RL_KEY_OWN, AT(rl_study, ages), .read = read_ages, .wants = "list of whole numbers",
     .help = "days after creation the lift is shown for; default [30, 90, 180, 365]"},
    TEXTS_KEY(rl_study, by, "by",
              "columns of accounts.fixed or deals.group: the lifts are repeated in each of their groups"),
    END};

static const rl_key LOOKUP[] = {
    FILE_KEYS(rl_lookup, file, "CSV file with one row a key"),
    TEXT_MUST(rl_lookup, key, "key", "column of the deals that holds the key"),
    TEXT_KEY(rl_lookup, as, "as", "its name in the lookup file; default the same"),
    TEXTS_MUST(rl_lookup, add, "add", "columns of the lookup file that every deal gets"),
    END};

static const rl_key DEALS[] = {
    FILE_KEYS(rl_deals_spec, file, "CSV file with one row an opportunity"),
    TEXT_MUST(rl_deals_spec, id, "id", "column that identifies a deal"),
    TEXT_KEY(rl_deals_spec, account, "account", "column with the buying company"),
    TEXT_MUST(rl_deals_spec, created, "created", "column with the day the deal was created"),
    TEXT_MUST(rl_deals_spec, closed, "closed", "column with the day it was decided; read for won and lost deals only"),
    TEXT_MUST(rl_deals_spec, status, "status", "column with the stage or status"),
    TEXTS_MUST(rl_deals_spec, won, "won", "every status that means won"),
    TEXTS_KEY(rl_deals_spec, lost, "lost", "every status that means lost"),
    TEXTS_KEY(rl_deals_spec, open, "open", "every status that means not decided yet"),
    TEXT_KEY(rl_deals_spec, amount, "amount", "column with the money; needed for value, deal size and revenue"),
    TEXT_KEY(rl_deals_spec, owner, "owner", "column with the seller: accounts that share one may influence each other"),
    TEXTS_KEY(rl_deals_spec, group, "group", "columns that formulas, levels and fixed effects may use"),
    {.name = "lookup", .type = RL_KEY_ROWS, AT(rl_deals_spec, lookup), .sub = LOOKUP, .size = sizeof(rl_lookup),
     .count = offsetof(rl_deals_spec, n_lookup), .help = "columns joined from other files by a key"},
    END};

static const rl_key ACCOUNTS[] = {
    FILE_KEYS(rl_accounts_spec, file, "CSV file with every eligible account, deals or none"),
    TEXT_MUST(rl_accounts_spec, id, "id", "column that identifies an account, as in the deals"),
    TEXT_KEY(rl_accounts_spec, owner, "owner", "column with the seller; else the deals' own is taken"),
    TEXT_KEY(rl_accounts_spec, parent, "parent", "column with the parent account; none: it stands alone"),
    TEXTS_KEY(rl_accounts_spec, fixed, "fixed",
             "columns that were true before any programme: covariates come from here"),
    END};

static const rl_key LEADS_WON[] = {
    FILE_KEYS(rl_leads_spec, won_file, "CSV file with one row a won lead"),
    TEXT_MUST(rl_leads_spec, won_key, "key", "column with the id of the lead"),
    TEXT_MUST(rl_leads_spec, won_date, "date", "column with the day it was won"),
    END};

static const rl_key LEADS[] = {
    FILE_KEYS(rl_leads_spec, file, "CSV file with one row a lead"),
    TEXT_KEY(rl_leads_spec, id, "id", "column that identifies a lead"),
    TEXT_MUST(rl_leads_spec, date, "date", "column with the day of the first contact"),
    TEXT_KEY(rl_leads_spec, account, "account", "column with the company"),
    TEXT_KEY(rl_leads_spec, contact, "contact", "column with the person"),
    TEXT_KEY(rl_leads_spec, mql, "mql", "column that says whether it was marketing-qualified"),
    TEXT_KEY(rl_leads_spec, score, "score", "column with the lead score"),
    TEXT_KEY(rl_leads_spec, deal, "deal", "column with the deal it became"),
    TEXTS_KEY(rl_leads_spec, group, "group", "columns to break the rates down by"),
    {.name = "won", .type = RL_KEY_MAP, .to = 0, .sub = LEADS_WON,
     .help = "a second file that says which leads were won, and when"},
    END};

static const rl_key TOUCHES[] = {
    FILE_KEYS(rl_touches_spec, file, "CSV file with one row a touch"),
    TEXT_MUST(rl_touches_spec, date, "date", "column with the day"),
    TEXT_KEY(rl_touches_spec, account, "account", "column with the company"),
    TEXT_KEY(rl_touches_spec, contact, "contact", "column with the person"),
    TEXT_KEY(rl_touches_spec, role, "role", "column with the person's role in the purchase"),
    TEXT_KEY(rl_touches_spec, channel, "channel", "column with the channel"),
    TEXT_KEY(rl_touches_spec, stage, "stage", "column with the stage of the purchase"),
    TEXT_KEY(rl_touches_spec, deal, "deal", "column with the deal, when it is known"),
    END};

static const rl_key SPEND[] = {
    FILE_KEYS(rl_spend_spec, file, "CSV file with what was spent"),
    TEXT_MUST(rl_spend_spec, date, "date", "column with the day, or the first day of the week or month"),
    TEXT_KEY(rl_spend_spec, channel, "channel", "column with the channel"),
    TEXT_MUST(rl_spend_spec, amount, "amount", "column with the money"),
    TEXT_KEY(rl_spend_spec, unit, "unit", "column with the region, segment or account it was spent on"),
    END};

static const rl_key MARKET[] = {
    FILE_KEYS(rl_market_spec, file, "CSV file with outside swings to control for"),
    TEXT_MUST(rl_market_spec, date, "date", "column with the day or the period"),
    TEXTS_MUST(rl_market_spec, columns, "columns", "columns with the figures"),
    END};

static const rl_key PANEL[] = {
    FILE_KEYS(rl_panel_spec, file, "CSV file with one row a unit and period: instead of deals or beside them"),
    TEXT_KEY(rl_panel_spec, unit, "unit", "column with the unit, such as a region; none: one series"),
    TEXT_MUST(rl_panel_spec, date, "date", "column with the day or the period"),
    {.name = "first", .type = RL_KEY_DATE, AT(rl_panel_spec, first),
     .help = "when the periods are numbered 1, 2, 3 ..: a day of the first one"},
    TEXTS_MUST(rl_panel_spec, columns, "columns", "columns with the figures; each may be an outcome"),
    END};

static const rl_key COST[] = {
    TEXTS_KEY(rl_program_spec, cost_channels, "channels", "channels of the spend table that belong to the programme"),
    TEXT_KEY(rl_program_spec, cost_column, "column", "column of the panel that holds its cost"),
    {.name = "total", .type = RL_KEY_NUMBER, AT(rl_program_spec, cost_total), .lo = 0, .hi = 1e15,
     .help = "its whole cost"},
    END};

#define OPTIONAL_FILE(T, member, what)                                                                              \
    {.name = "file", .type = RL_KEY_OWN, AT(T, member), .read = read_file, .wants = "path", .help = what}

static const rl_key PROGRAM[] = {
    OPTIONAL_FILE(rl_program_spec, file, "CSV file with one row a unit that got the programme"),
    TEXT_KEY(rl_program_spec, unit, "unit", "column with the unit: named as in the deals or the panel"),
    TEXT_MUST(rl_program_spec, start, "start", "column with the first day, or a date for all"),
    TEXT_KEY(rl_program_spec, end, "end", "column with the last day, or a date for all; none: it goes on"),
    TEXT_KEY(rl_program_spec, dose, "dose", "column with how much of it"),
    TEXTS_KEY(rl_program_spec, where_units, "units", "the units by name, instead of a file"),
    {.name = "where", .type = RL_KEY_OWN, AT(rl_program_spec, where), .read = read_program_where,
     .wants = "map of one list",
     .help = "rows of the file that got it, such as {group: [\"2\"]}"},
    {.name = "cost", .type = RL_KEY_MAP, .to = 0, .sub = COST, .help = "one of:"},
    {.name = "encoding", .type = RL_KEY_OWN, AT(rl_program_spec, file), .common = true, .read = read_encoding},
    {.name = "delimiter", .type = RL_KEY_OWN, AT(rl_program_spec, file), .common = true, .read = read_delimiter},
    {.name = "number_format", .type = RL_KEY_OWN, AT(rl_program_spec, file), .common = true, .read = read_numbers},
    {.name = "date_format", .type = RL_KEY_OWN, AT(rl_program_spec, file), .common = true, .read = read_date_format},
    {.name = "missing", .type = RL_KEY_OWN, AT(rl_program_spec, file), .common = true, .read = read_missing},
    END};

static const rl_key LEDGER[] = {
    FILE_KEYS(rl_ledger_spec, file, "CSV file of finance: what was booked"),
    TEXT_MUST(rl_ledger_spec, period, "period", "column with the period"),
    TEXT_MUST(rl_ledger_spec, amount, "amount", "column with the money"),
    END};

static const rl_key MONEY[] = {
    {.name = "gross_margin", .type = RL_KEY_NUMBER, AT(rl_money_spec, gross_margin), .lo = 0, .hi = 1,
     .help = "as a share of revenue"},
    {.name = "discount_rate", .type = RL_KEY_NUMBER, AT(rl_money_spec, discount_rate), .lo = 0, .hi = 10,
     .help = "a year, as a share"},
    {.name = "loaded_cost", .type = RL_KEY_NUMBER, AT(rl_money_spec, loaded_cost), .lo = 1, .hi = 100,
     .help = "people, tools and agencies on top of media, as a factor; default 1"},
    {.name = "ledger", .type = RL_KEY_MAP, AT(rl_money_spec, ledger), .sub = LEDGER,
     .help = "the books, to compare won deals with"},
    END};

static const rl_key MODEL[] = {
    {.name = "question", .type = RL_KEY_STRING, AT(rl_model_spec, question), .help = "what it answers, in words"},
    {.name = "outcome", .type = RL_KEY_TEXT, AT(rl_model_spec, outcome_column),
     .help = "value, win_rate, deal_size, log_deal_size, velocity,"
     " decision_time, days_to_win, opportunities, wins, revenue, or a column of the panel"},
    TEXT_KEY(rl_model_spec, treatment, "treatment", "the programme whose effect is asked for"),
    TEXT_KEY(rl_model_spec, formula, "formula", "instead of outcome and treatment: y ~ x | fixed effects"),
    TEXT_KEY(rl_model_spec, level, "level",
             "rows it is fitted on: deal, account, panel, a group column, or all: one series"),
    TEXT_KEY(rl_model_spec, estimator, "estimator",
             "a name that `revlift help fit` lists; default auto: picks by the design and says why"),
    {.name = "horizon", .type = RL_KEY_WHOLE, AT(rl_model_spec, horizon), .lo = 1, .hi = 3650,
     .help = "days of follow-up after creation; default: by which 90 % of the wins had come"},
    {.name = "control", .type = RL_KEY_FLAG, AT(rl_model_spec, control_never), .choice = CONTROLS,
     .help = "who is compared with; default notyet"},
    {.name = "transition", .type = RL_KEY_CHOICE, AT(rl_model_spec, transition), .choice = TRANSITIONS,
     .help = "partly exposed cohorts; default drop"},
    {.name = "clock", .type = RL_KEY_FLAG, AT(rl_model_spec, clock_event), .choice = CLOCKS,
     .help = "count by creation cohort (default) or by booking date"},
    TEXTS_KEY(rl_model_spec, covariates, "covariates", "fixed columns of the accounts, for etwfe and cs"),
    TEXT_KEY(rl_model_spec, cluster, "cluster", "of a programme: column above its unit, or the unit (default)"),
    TEXT_KEY(rl_model_spec, vcov, "vcov", "of a formula: iid | HC1 | cluster:a | cluster:a+b | NW[:L] | DK[:L] | EWC | block ..;"
     " of a programme: cluster:a, as cluster: a"),
    TEXTS_KEY(rl_model_spec, channels, "channels", "columns of the formula that are money spent, beside spend.."),
    TEXT_KEY(rl_model_spec, weights, "weights", "column with weights; of a programme: of the panel, or fixed ones of accounts"),
    TEXT_KEY(rl_model_spec, lags, "lags", "ardl: lags of the outcome, then of each regressor, as in \"2,1,0\""),
    {.name = "max_lags", .type = RL_KEY_WHOLE, AT(rl_model_spec, max_lags), .lo = 1, .hi = 100,
     .help = "ardl: choose the lags, up to so many"},
    TEXT_KEY(rl_model_spec, ic, "ic", "ardl: by aic (default), bic or hq"),
    TEXT_KEY(rl_model_spec, shock, "shock", "lp: the regressor whose response is asked for"),
    {.name = "periods", .type = RL_KEY_WHOLE, AT(rl_model_spec, periods), .lo = 1, .hi = 500,
     .help = "lp: periods after the shock that are shown"},
    TEXT_KEY(rl_model_spec, method, "method", "of cs (dr, reg, ipw), koyck, ardl, lp: as on the command line"),
    TEXT_KEY(rl_model_spec, average, "average", "responses averaged too, over lengths or forms of the lag"),
    {.name = "window", .type = RL_KEY_OWN, .to = 0, .read = read_window, .wants = "[first, last]",
     .help = "event times of a programme that are shown, such as [-8, 6]; default all; tests use all"},
    {.name = "anticipation", .type = RL_KEY_WHOLE, AT(rl_model_spec, anticipation), .lo = 0, .hi = 100,
     .help = "of cs, bjs, did2s: periods before the start in which an effect may begin; default 0"},
    {.name = "primary", .type = RL_KEY_YES, AT(rl_model_spec, primary),
     .help = "the study fails when this model is refused"},
    END};

const rl_key rl_study_keys[] = {
    {.name = "study", .type = RL_KEY_MAP, .to = 0, .sub = STUDY, .help = "what holds for the whole study"},
    {.name = "deals", .type = RL_KEY_MAP, AT(rl_study, deals), .sub = DEALS, .help = "opportunities of the CRM"},
    {.name = "accounts", .type = RL_KEY_MAP, AT(rl_study, accounts), .sub = ACCOUNTS,
     .help = "companies that could have bought"},
    {.name = "leads", .type = RL_KEY_MAP, AT(rl_study, leads), .sub = LEADS, .help = "leads and whether they were won"},
    {.name = "touchpoints", .type = RL_KEY_MAP, AT(rl_study, touches), .sub = TOUCHES,
     .help = "contacts with marketing"},
    {.name = "spend", .type = RL_KEY_MAP, AT(rl_study, spend), .sub = SPEND,
     .help = "marketing spend by date and channel"},
    {.name = "market", .type = RL_KEY_MAP, AT(rl_study, market), .sub = MARKET, .help = "outside swings"},
    {.name = "panel", .type = RL_KEY_MAP, AT(rl_study, panel), .sub = PANEL,
     .help = "a ready-made unit x period series"},
    {.name = "programs", .type = RL_KEY_NAMED, AT(rl_study, program), .sub = PROGRAM, .size = sizeof(rl_program_spec),
     .count = offsetof(rl_study, n_programs), .init = new_program, .help = "NAME: who got it, from when, until when"},
    {.name = "money", .type = RL_KEY_MAP, AT(rl_study, money), .given = true, .sub = MONEY,
     .help = "from revenue to profit"},
    {.name = "models", .type = RL_KEY_NAMED, AT(rl_study, model), .sub = MODEL, .size = sizeof(rl_model_spec),
     .count = offsetof(rl_study, n_models), .help = "NAME: one question each"},
    END};
/* clang-format on */
