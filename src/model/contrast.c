#include "model/contrast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/formula.h"

typedef struct reader {
    const char *s;
    size_t at;
    const rl_label *label;
    size_t m;
    rl_ctx *cx;
} reader;

typedef enum id_kind { GROUP, TIME, EVENT, N_KINDS } id_kind;

/* Which estimates: a term, and for each kind of id a range, if one was given. */
typedef struct pick {
    const char *term;
    bool has[N_KINDS];
    int32_t lo[N_KINDS], hi[N_KINDS];
} pick;

static rl_code refuse(reader *r, size_t at, const char *what)
{
    rl_fail(r->cx, RL_EUSAGE, "--contrast '%s': %s", r->s, what);
    rl_formula_caret(r->s, at, r->cx);
    return RL_EUSAGE;
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

static char peek(reader *r)
{
    while (blank(r->s[r->at])) r->at++;
    return r->s[r->at];
}

static bool letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

/* The word that stands here, if it is one of the list; its place there, or n. */
static size_t take_word(reader *r, const char *const *word, size_t n)
{
    peek(r);
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(word[i]);
        if (strncmp(r->s + r->at, word[i], k) != 0 || letter(r->s[r->at + k])) continue;
        r->at += k;
        return i;
    }
    return n;
}

/* --- ids ------------------------------------------------------------------------- */

static int32_t id_of(const rl_label *l, id_kind kind, const char **text)
{
    *text = kind == GROUP ? l->group_text : kind == TIME ? l->time_text : NULL;
    return kind == GROUP ? l->group : kind == TIME ? l->time : l->event;
}

static bool in_id(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
}

/* One end of a range: a text that an estimate has, or a whole number. */
static rl_code take_id(reader *r, const pick *p, id_kind kind, int32_t *id)
{
    size_t from, n = 0;
    peek(r);
    from = r->at;
    while (in_id(r->s[from + n])) n++;
    for (size_t j = 0; j < r->m; j++) {
        const char *text;
        int32_t x = id_of(&r->label[j], kind, &text);
        if (text == NULL || strcmp(r->label[j].term, p->term) != 0) continue;
        if (strlen(text) != n || strncmp(text, r->s + from, n) != 0) continue;
        *id = x;
        r->at += n;
        return RL_OK;
    }
    char *end;
    long x = strtol(r->s + from, &end, 10);
    if (end == r->s + from || end > r->s + from + n || labs(x) > 1000000)
        return refuse(r, from, "a number or a time of the results should stand here");
    *id = (int32_t)x;
    r->at = (size_t)(end - r->s);
    return RL_OK;
}

static rl_code take_range(reader *r, pick *p, id_kind kind)
{
    RL_TRY(take_id(r, p, kind, &p->lo[kind]));
    p->hi[kind] = p->lo[kind];
    p->has[kind] = true;
    if (peek(r) != ':') return RL_OK;
    r->at++;
    return take_id(r, p, kind, &p->hi[kind]);
}

/* "event 1:4", "att group 2004 time 2005:2007", "overall" */
static rl_code take_pick(reader *r, pick *p)
{
    static const char *const TERM[] = {"event", "calendar", "group", "att", "overall"};
    static const char *const KIND[] = {"group", "time", "event"};
    static const int OWN[] = {EVENT, TIME, GROUP, -1, -1};
    size_t t = take_word(r, TERM, 5);
    if (t == 5) return refuse(r, r->at, "event, calendar, group, att or overall should stand here");
    *p = (pick){.term = TERM[t]};
    char c = peek(r);
    if (OWN[t] >= 0 && (c == '-' || (c >= '0' && c <= '9'))) RL_TRY(take_range(r, p, (id_kind)OWN[t]));
    for (size_t k = take_word(r, KIND, N_KINDS); k < N_KINDS; k = take_word(r, KIND, N_KINDS))
        RL_TRY(take_range(r, p, (id_kind)k));
    return RL_OK;
}

static bool meant(const rl_label *l, const pick *p)
{
    const char *text;
    if (strcmp(l->term, p->term) != 0) return false;
    for (int k = 0; k < N_KINDS; k++) {
        int32_t x = id_of(l, (id_kind)k, &text);
        if (p->has[k] && (x == RL_NO_ID || x < p->lo[k] || x > p->hi[k])) return false;
    }
    return true;
}

static rl_code not_there(reader *r, size_t at, const char *what)
{
    rl_str known = rl_str_new(r->cx->tmp);
    refuse(r, at, what);
    for (size_t j = 0; j < r->m && known.n < 160; j++)
        rl_str_addf(&known, "%s%s", j ? "; " : "", rl_label_text(&r->label[j], r->cx->tmp));
    return rl_hint(r->cx, "the estimates are: %s", rl_str_text(&known));
}

/* Event times and periods run on: a range is of all from its first to its last, and both are among those meant. */
static rl_code need_ends(reader *r, const pick *p, size_t at)
{
    static const char *const WORD[] = {"group", "time", "event"};
    for (int k = TIME; k < N_KINDS; k++) {
        bool lo = false, hi = false;
        for (size_t j = 0; j < r->m && p->has[k]; j++) {
            const char *text;
            if (!meant(&r->label[j], p)) continue;
            lo = lo || id_of(&r->label[j], (id_kind)k, &text) == p->lo[k];
            hi = hi || id_of(&r->label[j], (id_kind)k, &text) == p->hi[k];
        }
        if (!p->has[k] || (lo && hi)) continue;
        return not_there(r, at,
                         rl_sprintf(r->cx->tmp, "no estimate is at the %s of this range, %s %d", lo ? "end" : "start",
                                    WORD[k], lo ? p->hi[k] : p->lo[k]));
    }
    return RL_OK;
}

/* --- sums ------------------------------------------------------------------------ */

static rl_code take_part(reader *r, double sign, double *row)
{
    static const char *const HOW[] = {"mean", "sum"};
    pick p;
    size_t n = 0, at;
    double by = sign;
    char c = peek(r), *end;
    if ((c >= '0' && c <= '9') || c == '.') {
        by *= strtod(r->s + r->at, &end);
        r->at = (size_t)(end - r->s);
        if (!isfinite(by) || peek(r) != '*') return refuse(r, r->at, "'*' and an estimate should follow the number");
        r->at++;
    }
    size_t how = take_word(r, HOW, 2);
    at = r->at;
    if (how < 2 && peek(r) != '(') return refuse(r, r->at, "'(' should stand here");
    if (how < 2) r->at++;
    RL_TRY(take_pick(r, &p));
    if (how < 2 && peek(r) != ')') return refuse(r, r->at, "')' or one of group, time, event should stand here");
    if (how < 2) r->at++;
    char next = peek(r);
    if (next != '\0' && next != '+' && next != '-') return refuse(r, r->at, "+, - or the end should stand here");
    for (size_t j = 0; j < r->m; j++) n += meant(&r->label[j], &p);
    if (n == 0) return not_there(r, at, "no estimate is meant by this");
    RL_TRY(need_ends(r, &p, at));
    if (how == 2 && n > 1) return refuse(r, at, "several estimates are meant: mean(..) or sum(..)?");
    for (size_t j = 0; j < r->m; j++)
        if (meant(&r->label[j], &p)) row[j] += how == 0 ? by / (double)n : by;
    return RL_OK;
}

rl_code rl_contrast_read(const char *text, const rl_label *label, size_t m, double *row, rl_ctx *cx)
{
    reader r = {.s = text, .label = label, .m = m, .cx = cx};
    double sign = 1;
    char c = peek(&r);
    if (c == '-' || c == '+') {
        sign = c == '-' ? -1 : 1;
        r.at++;
    }
    for (;;) {
        RL_TRY(take_part(&r, sign, row));
        c = peek(&r);
        if (c == '\0') return RL_OK;
        sign = c == '-' ? -1 : 1;
        r.at++;
    }
}
