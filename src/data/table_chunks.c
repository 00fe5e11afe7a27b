/* table_chunks.c -- typed columns out of the pieces of a large file. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "data/csv_chunks.h"
#include "data/table_read.h"

enum { FEW_ROWS = 2048, MANY_ROWS = 65536 };

/* The texts of one piece of one dictionary, numbered as they appear. */
typedef struct word {
    const char *s;
    uint32_t n, hash;
} word;

typedef struct words {
    rl_dict *dict; /* where they go                                 */
    size_t n, cap; /* words; slots in use, a power of two           */
    word *word;
    int32_t *slot; /* -1 = free                                     */
    int32_t *code; /* of each word in dict, once that is known      */
} words;

typedef struct bad_cell {
    size_t row, column;
    const char *s;
    size_t n;
} bad_cell;

/* A column of a piece. */
typedef struct part {
    double *num;    /* RL_NUM                    */
    int32_t *whole; /* days, or numbers of words */
    words *words;
} part;

typedef struct table_piece {
    rl_loader *l;
    size_t rows, row0; /* row0: of the table     */
    part *part;        /* l->n_column            */
    words *words;      /* n_words: one a dictionary */
    size_t n_words;
    bad_cell *bad; /* n_bad */
    size_t n_bad;
    size_t *empty; /* n_empty rows without a value */
    size_t n_empty;
    size_t most; /* rows there is room for: more means that the file grew */
    bool changed;
} table_piece;

typedef struct reading {
    rl_loader *l;
    size_t rows; /* the most a piece can have */
    table_piece *piece;
    table_piece **taken; /* n_taken, of this batch    */
    size_t n_taken;
    double share;
    bool changed;
} reading;

/* ---- what the workers do ---- */

enum { FIRST_SLOTS = 256 };

static void clear(words *w, size_t cap)
{
    w->cap = cap;
    memset(w->slot, 0xff, cap * sizeof *w->slot);
}

static void widen(words *w)
{
    clear(w, 2 * w->cap);
    for (size_t i = 0; i < w->n; i++) {
        size_t at = w->word[i].hash & (w->cap - 1);
        while (w->slot[at] >= 0) at = (at + 1) & (w->cap - 1);
        w->slot[at] = (int32_t)i;
    }
}

/* Sorted files repeat a text: `last` is the number it had in the row before. */
static int32_t number_of(words *w, const char *s, size_t n, int32_t last)
{
    if (last >= 0 && w->word[last].n == n && memcmp(w->word[last].s, s, n) == 0) return last;
    uint32_t hash = (uint32_t)rl_hash64(s, n);
    if (2 * (w->n + 1) > w->cap) widen(w);
    size_t at = hash & (w->cap - 1);
    for (; w->slot[at] >= 0; at = (at + 1) & (w->cap - 1)) {
        const word *x = &w->word[w->slot[at]];
        if (x->hash == hash && x->n == n && memcmp(x->s, s, n) == 0) return w->slot[at];
    }
    w->word[w->n] = (word){s, (uint32_t)n, hash};
    w->slot[at] = (int32_t)w->n;
    return (int32_t)w->n++;
}

static void begin(void *slot)
{
    table_piece *p = slot;
    p->rows = p->n_bad = p->n_empty = 0;
    p->changed = false;
    for (size_t i = 0; i < p->n_words; i++) {
        p->words[i].n = 0;
        clear(&p->words[i], FIRST_SLOTS);
    }
}

static void row(void *slot, uint64_t at, const rl_field *field, size_t n_fields)
{
    table_piece *p = slot;
    const rl_loader *l = p->l;
    p->changed = p->changed || at >= p->most;
    if (p->changed) return;
    if (rl_load_empty(field, n_fields)) p->empty[p->n_empty++] = at;
    for (size_t j = 0; j < l->n_column; j++) {
        const rl_col *c = l->column[j].col;
        const rl_field *f = &field[c->field];
        part *to = &p->part[j];
        bool missing = rl_load_missing(l, f->s, f->n), fine = true;
        if (c->type == RL_NUM) {
            fine = !missing && rl_number_parse(f->s, f->n, l->src->numbers, &to->num[at]);
            if (!fine) to->num[at] = NAN;
        } else if (c->type == RL_DATE) {
            fine = !missing && rl_load_day(l, f->s, f->n, &to->whole[at]);
            if (!fine) to->whole[at] = RL_NO_DAY;
        } else {
            to->whole[at] = missing ? -1 : number_of(to->words, f->s, f->n, at > 0 ? to->whole[at - 1] : -1);
        }
        if (!fine && !missing) p->bad[p->n_bad++] = (bad_cell){at, j, f->s, f->n};
    }
    p->rows = at + 1;
}

static void store(void *user, void *slot)
{
    const reading *r = user;
    const table_piece *p = slot;
    if (p->rows == 0) return;
    for (size_t j = 0; j < r->l->n_column; j++) {
        rl_col *c = r->l->column[j].col;
        const part *from = &p->part[j];
        if (c->type == RL_NUM) memcpy(c->num + p->row0, from->num, p->rows * sizeof *c->num);
        if (c->type == RL_DATE) memcpy(c->day + p->row0, from->whole, p->rows * sizeof *c->day);
        if (c->type != RL_TEXT) continue;
        for (size_t i = 0; i < p->rows; i++)
            c->code[p->row0 + i] = from->whole[i] < 0 ? -1 : from->words->code[from->whole[i]];
    }
}

/* ---- what is done in order ---- */

/* The dictionary's slots are far apart in memory: fetch them some words ahead. */
static void merge(words *w)
{
    enum { AHEAD = 16 };
    for (size_t i = 0; i < w->n; i++) {
        if (i + AHEAD < w->n && w->dict->cap > 0)
            __builtin_prefetch(&w->dict->slot[w->word[i + AHEAD].hash & (w->dict->cap - 1)]);
        w->code[i] = rl_dict_code_of(w->dict, w->word[i].s, w->word[i].n, w->word[i].hash);
    }
}

static void take(void *user, void *slot, double share)
{
    reading *r = user;
    table_piece *p = slot;
    p->row0 = r->l->n;
    r->l->n += p->rows;
    r->share = share;
    r->changed = r->changed || p->changed;
    r->taken[r->n_taken++] = p;
    for (size_t i = 0; i < p->n_words; i++) merge(&p->words[i]);
}

/* Room for the rows taken: at first as many as the rest of the file promises. */
static void room(void *user)
{
    reading *r = user;
    rl_loader *l = r->l;
    if (l->n > l->cap) {
        double all = 1.03 * (double)l->n / r->share;
        size_t cap = l->n + l->n / 8;
        rl_load_room(l, all > (double)cap ? (size_t)all : cap);
    }
    for (size_t i = 0; i < r->n_taken; i++) {
        const table_piece *p = r->taken[i];
        for (size_t e = 0; e < p->n_empty; e++) rl_load_drop(l, p->row0 + p->empty[e]);
        for (size_t b = 0; b < p->n_bad; b++) {
            const bad_cell *x = &p->bad[b];
            rl_load_fault(l, &l->column[x->column], p->row0 + x->row, x->s, x->n);
        }
    }
    r->n_taken = 0;
}

/* ---- before ---- */

static words *words_of(table_piece *p, rl_dict *dict)
{
    for (size_t i = 0; i < p->n_words; i++)
        if (p->words[i].dict == dict) return &p->words[i];
    p->words[p->n_words] = (words){.dict = dict};
    return &p->words[p->n_words++];
}

static void *make_slot(void *user, size_t at)
{
    reading *r = user;
    rl_arena *tmp = r->l->tmp;
    table_piece *p = &r->piece[at];
    size_t n = r->l->n_column, *times = RL_NEW(tmp, size_t, n), bad = 0;
    *p = (table_piece){.l = r->l, .most = r->rows, .part = RL_NEW(tmp, part, n), .words = RL_NEW(tmp, words, n)};
    for (size_t j = 0; j < n; j++) {
        const rl_col *c = r->l->column[j].col;
        bad += c->type != RL_TEXT;
        if (c->type == RL_NUM)
            p->part[j].num = RL_NEW(tmp, double, r->rows);
        else
            p->part[j].whole = RL_NEW(tmp, int32_t, r->rows);
        if (c->type != RL_TEXT) continue;
        p->part[j].words = words_of(p, c->dict);
        times[p->part[j].words - p->words]++;
    }
    for (size_t i = 0; i < p->n_words; i++) {
        size_t most = times[i] * r->rows, slots = FIRST_SLOTS;
        while (slots < 2 * (most + 1)) slots *= 2;
        p->words[i].word = RL_NEW(tmp, word, most);
        p->words[i].code = RL_NEW(tmp, int32_t, most);
        p->words[i].slot = RL_NEW(tmp, int32_t, slots);
    }
    p->bad = RL_NEW(tmp, bad_cell, bad * r->rows);
    p->empty = RL_NEW(tmp, size_t, r->rows);
    return p;
}

static void free_slots(reading *r, size_t slots)
{
    rl_arena *tmp = r->l->tmp;
    for (size_t at = 0; at < slots; at++) {
        table_piece *p = &r->piece[at];
        for (size_t j = 0; p->part != NULL && j < r->l->n_column; j++) {
            rl_release(tmp, p->part[j].num);
            rl_release(tmp, p->part[j].whole);
        }
        for (size_t i = 0; i < p->n_words; i++) {
            rl_release(tmp, p->words[i].word);
            rl_release(tmp, p->words[i].code);
            rl_release(tmp, p->words[i].slot);
        }
        rl_release(tmp, p->bad);
        rl_release(tmp, p->empty);
    }
}

/* What the undecided columns are: see RL_AUTO in data/table.h. */
typedef struct peek {
    const rl_loader *l;
    size_t *cells, *numbers; /* n_column */
    bool changed;
} peek;

static void peek_row(void *user, uint64_t at, const rl_field *field, size_t n_fields)
{
    peek *p = user;
    const rl_loader *l = p->l;
    (void)at;
    p->changed |= n_fields != l->t->header.n;
    for (size_t j = 0; j < l->n_column && !p->changed; j++) {
        const rl_field *f = &field[l->column[j].col->field];
        double x;
        if (!l->column[j].wait || p->cells[j] == RL_AUTO_CELLS || rl_load_missing(l, f->s, f->n)) continue;
        p->cells[j]++;
        p->numbers[j] += rl_number_parse(f->s, f->n, l->src->numbers, &x);
    }
}

/* Decide them by the first rows; false when these do not suffice. */
static bool decide(rl_loader *l, uint64_t rows, rl_ctx *cx)
{
    rl_source src = *l->src;
    rl_header head;
    peek p = {l, RL_NEW(l->tmp, size_t, l->n_column), RL_NEW(l->tmp, size_t, l->n_column), false};
    bool waits = false, known = true;
    for (size_t j = 0; j < l->n_column; j++) waits = waits || l->column[j].wait;
    if (!waits) return true;
    src.max_rows = rows;
    if (rl_csv_read(&src, &head, peek_row, &p, NULL, cx) != RL_OK) {
        rl_forgive(cx);
        return false;
    }
    for (size_t j = 0; j < l->n_column; j++) known = known && (!l->column[j].wait || p.cells[j] == RL_AUTO_CELLS);
    if (!known || p.changed) return false;
    for (size_t j = 0; j < l->n_column; j++) {
        rl_col *c = l->column[j].col;
        if (!l->column[j].wait) continue;
        c->type = 2 * p.numbers[j] >= p.cells[j] ? RL_NUM : RL_TEXT;
        if (c->type == RL_TEXT && c->dict == NULL) c->dict = rl_dict_new(l->in);
        if (c->type == RL_NUM) c->dict = NULL;
    }
    return true;
}

bool rl_load_chunks(rl_loader *l, size_t bytes, rl_ctx *cx)
{
    size_t slots = rl_chunk_slots(cx), faults = l->faults->n, bad = l->faults->count[RL_RULE_CELL],
           empty = l->faults->count[RL_RULE_EMPTY];
    reading r = {.l = l, .rows = rl_chunk_rows(l->src, &l->t->header, bytes)};
    const rl_chunk_sink sink = {&r, make_slot, begin, row, take, room, store};
    bool done;
    if (!decide(l, FEW_ROWS, cx) && !decide(l, MANY_ROWS, cx)) return false;
    r.piece = RL_NEW(l->tmp, table_piece, slots);
    r.taken = RL_NEW(l->tmp, table_piece *, slots);
    rl_csv_chunks(l->src, &l->t->header, bytes, &sink, &done, cx);
    free_slots(&r, slots);
    if (done && !r.changed) {
        if (l->cap == 0) rl_load_room(l, 1);
        for (size_t j = 0; j < l->n_column; j++) l->column[j].wait = false;
        return true;
    }
    l->faults->n = faults;
    l->faults->count[RL_RULE_CELL] = bad;
    l->faults->count[RL_RULE_EMPTY] = empty;
    l->full = NULL;
    l->n = 0;
    l->t->unread = NULL;
    rl_load_room(l, 0);
    for (size_t j = 0; j < l->n_column; j++) {
        if (l->column[j].wait) l->column[j].col->type = RL_AUTO;
    }
    return false;
}
