#include "data/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

enum { KEPT_PER_RULE = 100 };

#define NAME(id, name, policy, text)   [id] = name,
#define POLICY(id, name, policy, text) [id] = RL_POLICY_##policy,
#define TEXT(id, name, policy, text)   [id] = text,

static const char *const NAME_OF[] = {RL_RULES(NAME)};
static const rl_policy DEFAULT_OF[] = {RL_RULES(POLICY)};
static const char *const TEXT_OF[] = {RL_RULES(TEXT)};

const char *rl_policy_name(rl_policy p)
{
    static const char *const NAME[] = {
        [RL_POLICY_ERROR] = "error", [RL_POLICY_DROP] = "drop", [RL_POLICY_KEEP] = "keep"};
    return NAME[p];
}

const char *rl_rule_name(rl_rule r) { return NAME_OF[r]; }
const char *rl_rule_text(rl_rule r) { return TEXT_OF[r]; }
rl_policy rl_rule_default(rl_rule r) { return DEFAULT_OF[r]; }

bool rl_rule_keeps(rl_rule r)
{
    switch (r) {
    case RL_RULE_NO_ID:
    case RL_RULE_DUP_ACCOUNT:
    case RL_RULE_NO_CREATED:
    case RL_RULE_PROGRAM_UNIT:
    case RL_RULE_OVERLAP:
    case RL_RULE_SPAN:
        return false;
    default:
        return true;
    }
}

rl_rule rl_rule_by_name(const char *name)
{
    int r = 0;
    while (r < RL_RULES_END && strcmp(name, NAME_OF[r]) != 0) r++;
    return (rl_rule)r;
}

void rl_faults_init(rl_faults *f, rl_arena *in)
{
    *f = (rl_faults){.in = in};
    for (int r = 0; r < RL_RULES_END; r++) f->policy[r] = DEFAULT_OF[r];
}

bool rl_faults_room(const rl_faults *f, rl_rule rule) { return f->keep_all || f->count[rule] < KEPT_PER_RULE; }

void rl_fault_add(rl_faults *f, rl_rule rule, const rl_source *file, uint64_t row, int32_t field, const char *hint,
                  const char *fmt, ...)
{
    assert(rule < RL_RULES_END && file != NULL);
    bool keep = rl_faults_room(f, rule);
    f->count[rule]++;
    if (!keep) return;
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 32;
        f->fault = rl_regrow(f->in, f->fault, f->cap, cap, sizeof *f->fault);
        f->cap = cap;
    }
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    f->fault[f->n++] = (rl_fault){.file = file,
                                  .row = row,
                                  .field = field,
                                  .rule = rule,
                                  .what = rl_strdup(f->in, what),
                                  .hint = hint != NULL ? rl_strdup(f->in, hint) : NULL};
}

size_t rl_faults_fatal(const rl_faults *f)
{
    size_t n = 0;
    for (int r = 0; r < RL_RULES_END; r++) n += f->policy[r] == RL_POLICY_ERROR ? f->count[r] : 0;
    return n;
}

/* A fault and its keys: file by first appearance, and the order of adding last,
 * so that the order is total. */
typedef struct keyed {
    rl_fault fault;
    size_t file, at;
} keyed;

static int by_place(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    if (x->fault.row != y->fault.row) return x->fault.row < y->fault.row ? -1 : 1;
    if (x->fault.field != y->fault.field) return x->fault.field < y->fault.field ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

static void sort(rl_faults *f, rl_arena *tmp)
{
    keyed *k = RL_NEW(tmp, keyed, f->n);
    size_t n_files = 0;
    const rl_source **file = RL_NEW(tmp, const rl_source *, f->n);
    for (size_t i = 0; i < f->n; i++) {
        size_t at = 0;
        while (at < n_files && file[at] != f->fault[i].file) at++;
        if (at == n_files) file[n_files++] = f->fault[i].file;
        k[i] = (keyed){f->fault[i], at, i};
    }
    qsort(k, f->n, sizeof *k, by_place);
    for (size_t i = 0; i < f->n; i++) f->fault[i] = k[i].fault;
}

rl_code rl_faults_locate(rl_faults *f, rl_ctx *cx)
{
    if (f->n == 0) return RL_OK;
    sort(f, cx->tmp);
    rl_place *p = RL_NEW(cx->tmp, rl_place, f->n);
    for (size_t i = 0; i < f->n; i++) p[i] = (rl_place){.row = f->fault[i].row, .field = f->fault[i].field};
    for (size_t from = 0, to; from < f->n; from = to) {
        for (to = from + 1; to < f->n && f->fault[to].file == f->fault[from].file;) to++;
        RL_TRY(rl_csv_locate(f->fault[from].file, p + from, to - from, f->in, cx));
    }
    for (size_t i = 0; i < f->n; i++) {
        f->fault[i].line = p[i].line;
        f->fault[i].col = p[i].col;
        f->fault[i].excerpt = p[i].excerpt;
    }
    return RL_OK;
}
