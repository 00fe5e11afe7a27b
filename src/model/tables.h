/* model/tables.h -- the tables of a study, read, joined by name, checked.
 *
 * Reads every file the study names, joins the lookups, applies the
 * consistency rules of data/fault.h and resolves what the columns mean:
 * which deals are won, lost or open AT THE CUT, who is eligible, who got
 * which programme from when until when.  Computes no outcome.
 */
#ifndef RL_MODEL_TABLES_H
#define RL_MODEL_TABLES_H

#include "data/fault.h"
#include "data/table.h"
#include "model/answer.h"
#include "model/study.h"

typedef enum rl_deal_status { RL_DEAL_OPEN, RL_DEAL_WON, RL_DEAL_LOST, RL_DEAL_UNLISTED } rl_deal_status;

/* Deals that may be used, by row of `t`. */
typedef struct rl_deals {
    size_t n;
    rl_table t;                    /* n rows: the study's columns, `group` and lookup columns    */
    const int32_t *id;             /* n   code in rl_tables.deal_id                              */
    const int32_t *account;        /* n   code in rl_tables.account, -1 = none; NULL = no column */
    const int32_t *created;        /* n                                                          */
    int32_t *period;               /* n   creation period, in the study's calendar               */
    int32_t *decided;              /* n   RL_NO_DAY while open at the cut                        */
    unsigned char *status;         /* n   rl_deal_status at the cut                              */
    const double *amount;          /* n   NaN = none; NULL = no column                           */
} rl_deals;

/* A programme: spans by unit code. */
typedef struct rl_program {
    const rl_program_spec *spec;
    const char *unit_name;         /* "account", or the column of deals or panel it is given by  */
    rl_dict *unit;                 /* shared with that column                                    */
    size_t n_units;                /* length of the arrays: units known when it was read         */
    int32_t *start, *end;          /* n_units   RL_NO_DAY = never, no end; end is the first day without */
    size_t treated;                /* units with a start                                         */
    const rl_source *source;       /* where that stands, for faults: file, column of the unit,   */
    int32_t field;
    uint32_t *row;                 /* n_units   data row; source NULL = listed in the study      */
    size_t unknown;                /* rows of units nobody has                                   */
    const char *stranger;          /* the first of them                                          */
} rl_program;

typedef struct rl_lookup_facts {
    const char *file, *key;
    size_t rows, matched, unmatched_keys;
    const char **unmatched;
    size_t *unmatched_rows;
} rl_lookup_facts;

typedef struct rl_tables {
    const rl_study *study;
    rl_arena *in;
    rl_faults faults;
    rl_dict *account, *deal_id;
    size_t n_deal_ids;             /* deal ids 0 .. n_deal_ids-1 are in the deals table          */
    bool has_deals, has_accounts, has_leads, has_touches, has_spend, has_market, has_panel;
    rl_deals deals;
    rl_table accounts, leads, leads_won, touches, spend, market, panel;
    size_t n_eligible;             /* accounts 0 .. n_eligible-1 of the dictionary are eligible  */
    const char *eligible_why;      /* "all rows of accounts.csv", ..                             */
    int32_t cut;
    const char *cut_why;
    size_t n_programs;
    rl_program *program;
    size_t n_lookups;
    rl_lookup_facts *lookup;
    rl_waterfall waterfall;        /* deals                                                      */
} rl_tables;

/* Read everything.
 *
 *   keep_all  every fault is kept, for --rejects
 *   t   out   in arena `in`
 *
 * Cell and rule faults do not fail here: they stand in t->faults, and the
 * caller stops when rl_faults_fatal() says so.
 *
 * Errors  RL_EINPUT  a file or a column is not there; a syntax fault
 */
RL_MUST rl_code rl_tables_read(const rl_study *s, bool keep_all, rl_tables *t, rl_arena *in, rl_ctx *cx);

/* The consistency rules (model/rules.c): faults, policies, the deal waterfall. */
RL_MUST rl_code rl_rules_apply(rl_tables *t, rl_ctx *cx);

/* Data row in the file of row i of a table, for faults. */
static inline uint64_t rl_file_row(const rl_table *t, size_t i) { return t->row != NULL ? t->row[i] : i; }

rl_program *rl_tables_program(const rl_tables *t, const char *name);   /* NULL when there is none */

void rl_waterfall_lose(rl_waterfall *w, const char *why, size_t lost, rl_arena *in);

#endif
