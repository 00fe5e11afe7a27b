/* model/study.h -- a study file, read and checked.
 *
 * One YAML file (DESIGN: keys are few, every scalar is typed by its key, so
 * `no` and 1.10 are no traps; duplicate keys, anchors, aliases and unknown
 * keys are errors with file:line:column and the nearest known name).  Paths
 * are relative to the study file.  Nothing here opens a CSV file.
 */
#ifndef RL_MODEL_STUDY_H
#define RL_MODEL_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/date.h"
#include "data/csv.h"
#include "data/fault.h"
#include "model/request.h"
#include "model/schema.h" /* rl_at, rl_text, rl_texts */

/* How a file is written, by name (data/csv.h); `fit` takes the same words. */
extern const rl_choice rl_encodings[], rl_number_formats[], rl_delimiters[];

/* Every table has: file, encoding, delimiter, number_format, date_format, missing; source.path is
 * below the study file's folder, source.name is as written. */
typedef struct rl_file {
    bool given;
    rl_source source;
    rl_at at;
} rl_file;

typedef struct rl_where { rl_text column; rl_texts values; } rl_where;

/* key in deals; `as`: its name in the lookup file, default the same */
typedef struct rl_lookup { rl_file file; rl_text key, as; rl_texts add; } rl_lookup;

typedef struct rl_deals_spec {
    rl_file file;
    rl_text id, account, created, closed, status, amount, owner;
    rl_texts won, lost, open;
    rl_texts group;
    size_t n_lookup;
    rl_lookup *lookup;
} rl_deals_spec;

typedef struct rl_accounts_spec { rl_file file; rl_text id, owner, parent; rl_texts fixed; } rl_accounts_spec;
/* `won`: {file, key, date}: a second file that says which leads were won, and when (funnels without a deals table) */
typedef struct rl_leads_spec {
    rl_file file;
    rl_text id, date, account, contact, mql, score, deal;
    rl_texts group;
    rl_file won_file;
    rl_text won_key, won_date;
} rl_leads_spec;
typedef struct rl_touches_spec {
    rl_file file;
    rl_text date, account, contact, role, channel, stage, deal;
} rl_touches_spec;
typedef struct rl_spend_spec { rl_file file; rl_text date, channel, amount, unit; } rl_spend_spec;
typedef struct rl_market_spec { rl_file file; rl_text date; rl_texts columns; } rl_market_spec;
typedef struct rl_panel_spec {
    rl_file file;
    rl_text unit, date;            /* unit NULL = one series                                    */
    int32_t first;                 /* dates are numbers: the day 1 stands for; or RL_NO_DAY      */
    rl_texts columns;
} rl_panel_spec;
typedef struct rl_ledger_spec { rl_file file; rl_text period, amount; } rl_ledger_spec;

typedef struct rl_program_spec {
    const char *name;
    rl_at at;
    rl_file file;
    rl_text unit, start, end, dose;/* columns of the file; start and end NULL when they are dates;
                                      with `units:`, unit is what they are units of, NULL = accounts */
    rl_texts where_units;          /* `units:` listed by name instead of a file               */
    int32_t fixed_start, fixed_end;/* `start: 2015-02-16` as a date instead of a column        */
    rl_where where;                /* rows of the file that are treated, e.g. {geo.group: ["2"]} */
    rl_texts cost_channels;        /* cost: {channels: [..]}                                   */
    rl_text cost_column;           /* cost: {column: cost} of the panel                        */
    double cost_total;             /* cost: {total: 50000}; NaN = not given                    */
} rl_program_spec;

typedef struct rl_money_spec {
    bool given;
    double gross_margin;           /* share of revenue, NaN = not given                        */
    double discount_rate;          /* a year, NaN = not given                                  */
    double loaded_cost;            /* factor on media cost, default 1                          */
    rl_ledger_spec ledger;
} rl_money_spec;

typedef enum rl_outcome {
    RL_OUT_NONE, RL_OUT_VALUE, RL_OUT_WIN_RATE, RL_OUT_DEAL_SIZE, RL_OUT_LOG_DEAL_SIZE, RL_OUT_VELOCITY,
    RL_OUT_DECISION_TIME, RL_OUT_DAYS_TO_WIN, RL_OUT_OPPORTUNITIES, RL_OUT_WINS, RL_OUT_REVENUE,
    RL_OUT_COLUMN          /* a column of the panel, by name */
} rl_outcome;

typedef enum rl_transition { RL_TRANSITION_DROP, RL_TRANSITION_INCLUDE, RL_TRANSITION_ANTICIPATE } rl_transition;

typedef struct rl_model_spec {
    const char *name;
    rl_at at;
    const char *question;
    bool primary;
    rl_text estimator;             /* "auto" by default when `treatment` is given, "ols" with `formula` */
    rl_outcome outcome;
    rl_text outcome_column;        /* RL_OUT_COLUMN                                             */
    int horizon;                   /* days; 0 = default rule                                     */
    rl_text treatment;             /* a programme                                                */
    rl_text level;                 /* deal | account | panel | a group column; NULL = the outcome's own */
    bool clock_event;              /* clock: event                                               */
    bool control_never;            /* control: never (default notyet)                            */
    rl_transition transition;
    rl_texts covariates;
    rl_text cluster;               /* of a programme, `vcov` read too; NULL = the unit of assignment */
    rl_text formula;
    rl_text vcov;                  /* as on the command line                                     */
    rl_texts channels;             /* with a formula: columns that are money spent               */
    rl_text weights;
    rl_text lags, ic, shock, method, average;   /* as on the command line; method: of cs too      */
    int max_lags, periods;         /* 0 = not given                                              */
    int window_lo, window_hi;      /* event study; 0,0 = all                                     */
    int anticipation;              /* periods before the start in which an effect may begin      */
} rl_model_spec;

typedef struct rl_study {
    const char *path;              /* as given                                                   */
    const char *folder;            /* of the study file, "" = here; file paths are below it      */
    const char *title;             /* default: the file's name without .yaml                     */
    const char *currency;          /* "" = not given                                             */
    rl_calendar calendar;          /* period, fiscal_year_start                                  */
    int32_t cut;                   /* RL_NO_DAY = default                                        */
    bool has_seed;
    uint64_t seed;
    double level;                  /* 0.95                                                       */
    size_t n_where;
    rl_where *where;               /* row filters on deals                                       */
    rl_policy policy[RL_RULES_END];/* rules: {duplicate-deal: drop}                              */
    rl_texts by;                   /* columns: the lifts are repeated in each of their groups    */
    rl_texts ages;                 /* lift by age: whole days, ascending; default 30, 90, 180, 365 */
    rl_deals_spec deals;
    rl_accounts_spec accounts;
    rl_leads_spec leads;
    rl_touches_spec touches;
    rl_spend_spec spend;
    rl_market_spec market;
    rl_panel_spec panel;
    size_t n_programs;
    rl_program_spec *program;
    rl_money_spec money;
    size_t n_models;
    rl_model_spec *model;
} rl_study;

/* Read a study file.
 *
 * Errors  RL_EINPUT with file:line:column: YAML syntax, duplicate or unknown
 *         key (nearest known name in the hint), wrong type, missing required
 *         key, a model that names no programme of the study, an anchor, an alias
 */
RL_MUST rl_code rl_study_read(const char *path, rl_study *out, rl_arena *in, rl_ctx *cx);

/* The same from n bytes of text that stand for the file `path`, which is not opened. */
RL_MUST rl_code rl_study_parse(const char *path, const char *text, size_t n, rl_study *out, rl_arena *in, rl_ctx *cx);

/* Every file the study may name, given or not: *n of them, in `in`. */
rl_file **rl_study_files(rl_study *s, size_t *n, rl_arena *in);

/* The failure in cx is about a column the study asked for, or a file it names
 * that is not there: say where in the study that stands. */
rl_code rl_study_place(rl_study *s, rl_ctx *cx);

/* Every key: type and what it is for.  `revlift help study` */
void rl_study_help(rl_str *t);

const char *rl_outcome_name(rl_outcome o);     /* "win_rate"; NULL for RL_OUT_NONE, RL_OUT_COLUMN */

/* Internal to the module: the table of keys (study_keys.c), and the checks no single key can make (study_check.c). */
extern const rl_key rl_study_keys[];
RL_MUST rl_code rl_study_check(rl_study *s, rl_form *f);
RL_MUST rl_code rl_study_check_roles(const rl_study *s, rl_form *f);    /* study_roles.c */

#endif
