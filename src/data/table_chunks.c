/* table_chunks.c -- typed columns out of the pieces of a large file. */
#include <math.h>
#include <string.h>

#include "base/fresh.h"
#include "base/par.h"
#include "data/csv_chunks.h"
#include "data/table_read.h"

enum { FEW_ROWS = 2048, MANY_ROWS = 65536 };

/* A short text of a piece by its characters themselves: cheaper than to hash and compare it. */
typedef struct brief {
    uint64_t a, b; /* its characters, zeros behind */
    int32_t n, number;
} brief;

enum { BRIEF = 16, BRIEFS = 512, TRIED = 512 };

/* The texts that go into one dictionary. */
typedef struct texts {
    rl_dict *dict;
    rl_words words;
    size_t *column; /* n_columns */
    size_t n_columns;
    brief *brief; /* BRIEFS, by their characters; n = 0: none here yet */
} texts;

typedef struct bad_cell {
    size_t row, column;
    const char *s;
    size_t n;
} bad_cell;

/* A column of a piece. */
typedef struct part {
    double *num;    /* RL_NUM                    */
    int32_t *whole; /* days, or numbers of words */
    texts *texts;
    bool repeats;        /* the last rows had their texts in runs */
    size_t tried, known; /* texts of this piece that were looked for among the brief ones, and found */
    bool blank;          /* a cell is missing                     */
} part;

/* What became of a dictionary so far. */
typedef struct growth {
    size_t before; /* texts it had                            */
    bool all_new;  /* hardly a text came twice                */
    size_t expect; /* texts it will have if that stays so     */
    bool listed;   /* then they wait to be looked up          */
    bool never;    /* .. but not again: too many came twice   */
    rl_fresh fresh;
    size_t row0; /* the first row that has a code of them   */
} growth;

typedef struct table_piece {
    rl_loader *l;
    const growth *growth; /* n_texts            */
    size_t rows, row0;    /* row0: of the table     */
    part *part;           /* l->n_column            */
    texts *texts;         /* n_texts: one a dictionary */
    size_t n_texts;
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
    growth *growth;  /* as many as a piece has texts */
    rl_words **list; /* slots */
    double share;
    bool changed;
} reading;

/* ---- what the workers do ---- */

static void begin(void *slot)
{
    table_piece *p = slot;
    p->rows = p->n_bad = p->n_empty = 0;
    p->changed = false;
    for (size_t j = 0; j < p->l->n_column; j++) p->part[j].tried = p->part[j].known = 0;
    for (size_t i = 0; i < p->n_texts; i++) {
        rl_words_begin(&p->texts[i].words, p->growth[i].all_new);
        if (!p->growth[i].all_new) memset(p->texts[i].brief, 0, BRIEFS * sizeof *p->texts[i].brief);
    }
}

static void no_value(table_piece *p, size_t at, size_t j, const rl_field *f, bool missing)
{
    p->part[j].blank = true;
    if (!missing) p->bad[p->n_bad++] = (bad_cell){at, j, f->s, f->n};
}

static void numbers(table_piece *p, size_t j, size_t at, const rl_field *f, size_t step, size_t n)
{
    const rl_loader *l = p->l;
    double *x = p->part[j].num + at;
    uint64_t left = l->plain_numbers ? rl_number_cells(f, step, n, x) : UINT64_MAX >> (64 - n);
    for (; left != 0; left &= left - 1) {
        const size_t i = (size_t)__builtin_ctzll(left);
        const rl_field *g = &f[i * step];
        bool missing = rl_load_missing(l, g->s, g->n);
        if (!missing && rl_number_parse(g->s, g->n, l->src->numbers, &x[i])) continue;
        x[i] = NAN;
        no_value(p, at + i, j, g, missing);
    }
}

static void days(table_piece *p, size_t j, size_t at, const rl_field *f, size_t step, size_t n)
{
    int32_t *day = p->part[j].whole + at;
    for (size_t i = 0; i < n; i++, f += step) {
        bool missing = rl_load_missing(p->l, f->s, f->n);
        if (!missing && rl_load_day(p->l, f->s, f->n, &day[i])) continue;
        day[i] = RL_NO_DAY;
        no_value(p, at + i, j, f, missing);
    }
}

static inline uint64_t characters(const char *s, size_t n)
{
    uint64_t w = rl_load64(s);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return n < 8 ? w & (((uint64_t)1 << 8 * n) - 1) : w;
}

static inline int32_t number_of(const table_piece *p, texts *t, const rl_field *f)
{
    return rl_load_missing(p->l, f->s, f->n) ? -1 : rl_words_number(&t->words, f->s, f->n);
}

/* Cells of a few texts that are all over the rows: most are told by their characters. */
static void few_texts(table_piece *p, texts *t, size_t j, int32_t *whole, const rl_field *f, size_t step, size_t n)
{
    size_t known = 0;
    for (size_t i = 0; i < n; i++, f += step) {
        if (f->n - 1 >= BRIEF) { /* none, or a long one */
            whole[i] = number_of(p, t, f);
            if (whole[i] < 0) p->part[j].blank = true;
            continue;
        }
        const uint64_t a = characters(f->s, f->n), b = f->n > 8 ? characters(f->s + 8, f->n - 8) : 0;
        brief *x = &t->brief[(a ^ b * 0xbf58476d1ce4e5b9u) * 0x9e3779b97f4a7c15u >> 55];
        if (x->a == a && x->b == b && x->n == (int32_t)f->n) {
            whole[i] = x->number;
            known++;
            continue;
        }
        whole[i] = number_of(p, t, f);
        if (whole[i] < 0)
            p->part[j].blank = true;
        else
            *x = (brief){a, b, (int32_t)f->n, whole[i]};
    }
    p->part[j].tried += n;
    p->part[j].known += known;
}

/* Sorted files repeat a text: it is first held against the one in the row before, as long as that pays. */
static void one_column(table_piece *p, texts *t, size_t j, size_t at, const rl_field *f, size_t step, size_t n)
{
    int32_t *whole = p->part[j].whole + at, last = at > 0 ? whole[-1] : -1;
    size_t same = 0;
    bool repeats = p->part[j].repeats || at == 0;
    const bool strange = p->part[j].tried >= TRIED && 2 * p->part[j].known < p->part[j].tried;
    if (!repeats && !strange && !t->words.all_new) {
        few_texts(p, t, j, whole, f, step, n);
        return;
    }
    for (size_t i = 0; i < n; i++, f += step) {
        if (repeats && last >= 0) {
            const rl_word *w = &t->words.word[last];
            if (w->n == f->n && rl_same_text(w->s, f->s, f->n)) {
                whole[i] = last;
                same++;
                continue;
            }
        }
        whole[i] = last = number_of(p, t, f);
        if (last < 0) p->part[j].blank = true;
    }
    p->part[j].repeats = 2 * same > n;
}

/* The columns of a dictionary take turns at it: codes in order of appearance. */
static void many_columns(table_piece *p, texts *t, size_t at, const rl_field *field, size_t step, size_t n)
{
    for (size_t i = 0; i < n; i++, field += step) {
        for (size_t c = 0; c < t->n_columns; c++) {
            size_t j = t->column[c];
            const rl_field *f = &field[p->l->column[j].col->field];
            int32_t *whole = &p->part[j].whole[at + i];
            *whole = number_of(p, t, f);
            if (*whole < 0) p->part[j].blank = true;
        }
    }
}

/* Faults are told row by row. */
static void sort_bad(bad_cell *bad, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        bad_cell x = bad[i];
        size_t k = i;
        for (; k > 0 && bad[k - 1].row > x.row; k--) bad[k] = bad[k - 1];
        bad[k] = x;
    }
}

static void rows(void *slot, uint64_t first, const rl_field *field, size_t n_rows)
{
    table_piece *p = slot;
    const rl_loader *l = p->l;
    const size_t step = l->t->header.n, had = p->n_bad;
    p->changed = p->changed || first + n_rows > p->most;
    if (p->changed) return;
    for (size_t i = 0; i < n_rows; i++) {
        if (field[i * step].n == 0 && rl_load_empty(&field[i * step], step)) p->empty[p->n_empty++] = first + i;
    }
    for (size_t j = 0; j < l->n_column; j++) {
        const rl_col *c = l->column[j].col;
        const rl_field *f = &field[c->field];
        texts *t = p->part[j].texts;
        if (c->type == RL_NUM) numbers(p, j, first, f, step, n_rows);
        if (c->type == RL_DATE) days(p, j, first, f, step, n_rows);
        if (t != NULL && t->n_columns == 1) one_column(p, t, j, first, f, step, n_rows);
        if (t != NULL && t->n_columns > 1 && t->column[0] == j) many_columns(p, t, first, field, step, n_rows);
    }
    sort_bad(p->bad + had, p->n_bad - had);
    p->rows = first + n_rows;
}

static void store(void *user, void *slot)
{
    const reading *r = user;
    const table_piece *p = slot;
    if (p->rows == 0) return;
    for (size_t j = 0; j < r->l->n_column; j++) {
        rl_col *c = r->l->column[j].col;
        const part *from = &p->part[j];
        if (c->type == RL_NUM) rl_touch(c->num + p->row0, p->rows * sizeof *c->num);
        if (c->type == RL_DATE) rl_touch(c->day + p->row0, p->rows * sizeof *c->day);
        if (c->type == RL_TEXT) rl_touch(c->code + p->row0, p->rows * sizeof *c->code);
        if (c->type == RL_NUM) memcpy(c->num + p->row0, from->num, p->rows * sizeof *c->num);
        if (c->type == RL_DATE) memcpy(c->day + p->row0, from->whole, p->rows * sizeof *c->day);
        if (c->type != RL_TEXT) continue;
        const rl_words *w = &from->texts->words;
        int32_t *code = c->code + p->row0;
        if (p->growth[from->texts - p->texts].listed) {
            for (size_t i = 0; i < p->rows; i++) code[i] = from->whole[i] < 0 ? -1 : from->whole[i] + w->first;
        } else {
            for (size_t i = 0; i < p->rows; i++) code[i] = from->whole[i] < 0 ? -1 : w->code[from->whole[i]];
        }
    }
}

/* ---- what is done in order ---- */

static void take(void *user, void *slot, double share)
{
    reading *r = user;
    table_piece *p = slot;
    p->row0 = r->l->n;
    r->l->n += p->rows;
    r->share = share;
    r->changed = r->changed || p->changed;
    r->taken[r->n_taken++] = p;
}

/* Rows whose texts waited get the codes these have now. */
typedef struct recoding {
    int32_t *code;
    size_t row0, rows, from;
    const int32_t *now;
} recoding;

static void recode(size_t block, void *arg)
{
    const recoding *x = arg;
    const size_t first = block * RL_ROWS_PER_BLOCK, left = x->rows - first;
    int32_t *code = x->code + x->row0 + first;
    for (size_t i = 0; i < RL_ROWS_PER_BLOCK && i < left; i++)
        if (code[i] >= (int32_t)x->from) code[i] = x->now[(size_t)code[i] - x->from];
}

/* Look up the texts of the i-th dictionary that wait; `rows` have their codes. */
static void settle(const reading *r, size_t i, size_t rows, rl_ctx *cx)
{
    growth *g = &r->growth[i];
    const size_t waited = g->fresh.wait;
    recoding x = {.row0 = g->row0, .rows = rows - g->row0};
    int32_t *now = rl_fresh_settle(&g->fresh, &x.from, cx);
    g->never = g->fresh.d->n - x.from < waited - waited / 8;
    x.now = now;
    for (size_t j = 0; now != NULL && j < r->l->n_column; j++) {
        const rl_col *c = r->l->column[j].col;
        x.code = c->code;
        if (c->type == RL_TEXT && c->dict == g->fresh.d) rl_par(rl_blocks(x.rows, RL_ROWS_PER_BLOCK), recode, &x, cx);
    }
    rl_release(cx->tmp, now);
}

/* The texts of all pieces taken into the i-th dictionary. */
static void merge(reading *r, size_t i, rl_ctx *cx)
{
    const texts *t = &r->taken[0]->texts[i];
    growth *g = &r->growth[i];
    const size_t row0 = r->taken[0]->row0;
    size_t words = 0;
    for (size_t k = 0; k < r->n_taken; k++) {
        r->list[k] = &r->taken[k]->texts[i].words;
        words += r->list[k]->n;
    }
    if (rl_fresh_due(&g->fresh, words)) settle(r, i, row0, cx);
    g->listed = g->all_new && !g->never;
    if (g->fresh.wait == 0) g->row0 = row0;
    if (g->listed)
        rl_fresh_add(&g->fresh, r->list, r->n_taken, g->expect, cx);
    else
        rl_words_merge(r->list, r->n_taken, t->dict, g->expect, cx);
    const size_t added = t->dict->n - g->before, cells = t->n_columns * r->l->n;
    g->all_new = g->fresh.wait > 0 || added > cells - cells / 4;
    g->expect = g->all_new ? g->before + (size_t)(1.01 * (double)added / r->share) : 0;
}

/* Empty rows and cells that could not be read, in the order of the file. */
static void tell(rl_loader *l, const table_piece *p)
{
    for (size_t e = 0, b = 0; e < p->n_empty || b < p->n_bad;) {
        const bad_cell *x = &p->bad[b];
        if (e < p->n_empty && (b == p->n_bad || p->empty[e] <= x->row)) {
            rl_load_drop(l, p->row0 + p->empty[e++]);
        } else {
            rl_load_fault(l, &l->column[x->column], p->row0 + x->row, x->s, x->n);
            b++;
        }
    }
}

/* Room for the rows taken: at first as many as the rest of the file promises. */
static void room(void *user, rl_ctx *cx)
{
    reading *r = user;
    rl_loader *l = r->l;
    for (size_t i = 0; r->n_taken > 0 && i < r->taken[0]->n_texts; i++) merge(r, i, cx);
    if (l->n > l->cap) {
        double all = 1.03 * (double)l->n / r->share;
        size_t cap = l->n + l->n / 8;
        rl_load_room(l, all > (double)cap ? (size_t)all : cap);
    }
    for (size_t i = 0; i < r->n_taken; i++) tell(l, r->taken[i]);
    r->n_taken = 0;
}

/* ---- before ---- */

static texts *texts_of(table_piece *p, const rl_col *c, size_t j)
{
    size_t i = 0;
    while (i < p->n_texts && p->texts[i].dict != c->dict) i++;
    texts *t = &p->texts[i];
    if (i == p->n_texts) {
        *t = (texts){.dict = c->dict,
                     .column = RL_NEW(p->l->tmp, size_t, p->l->n_column),
                     .brief = RL_NEW(p->l->tmp, brief, BRIEFS)};
        p->n_texts++;
    }
    t->column[t->n_columns++] = j;
    return t;
}

static void *make_slot(void *user, size_t at)
{
    reading *r = user;
    rl_arena *tmp = r->l->tmp;
    table_piece *p = &r->piece[at];
    size_t n = r->l->n_column, bad = 0;
    *p = (table_piece){
        .l = r->l, .growth = r->growth, .most = r->rows, .part = RL_NEW(tmp, part, n), .texts = RL_NEW(tmp, texts, n)};
    for (size_t j = 0; j < n; j++) {
        const rl_col *c = r->l->column[j].col;
        bad += c->type != RL_TEXT;
        if (c->type == RL_NUM)
            p->part[j].num = RL_NEW(tmp, double, r->rows);
        else
            p->part[j].whole = RL_NEW(tmp, int32_t, r->rows);
        if (c->type == RL_TEXT) p->part[j].texts = texts_of(p, c, j);
    }
    for (size_t i = 0; i < p->n_texts; i++) {
        rl_words_init(&p->texts[i].words, p->texts[i].n_columns * r->rows, tmp);
        if (at == 0) r->growth[i] = (growth){.before = p->texts[i].dict->n, .fresh = {.d = p->texts[i].dict}};
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
        for (size_t i = 0; i < p->n_texts; i++) {
            rl_words_release(&p->texts[i].words, tmp);
            rl_release(tmp, p->texts[i].brief);
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

/* A piece's mark stays when it is taken up again. */
static bool has_blank(const reading *r, size_t slots, size_t j)
{
    for (size_t at = 0; at < slots; at++)
        if (r->piece[at].part != NULL && r->piece[at].part[j].blank) return true;
    return false;
}

bool rl_load_chunks(rl_loader *l, size_t bytes, rl_ctx *cx)
{
    size_t slots = rl_chunk_slots(cx), faults = l->faults->n, bad = l->faults->count[RL_RULE_CELL],
           empty = l->faults->count[RL_RULE_EMPTY];
    reading r = {.l = l, .rows = rl_chunk_rows(l->src, &l->t->header, bytes)};
    const rl_chunk_sink sink = {&r, slots, make_slot, begin, rows, take, room, store};
    bool done;
    if (!decide(l, FEW_ROWS, cx) && !decide(l, MANY_ROWS, cx)) return false;
    r.piece = RL_NEW(l->tmp, table_piece, slots);
    r.taken = RL_NEW(l->tmp, table_piece *, slots);
    r.list = RL_NEW(l->tmp, rl_words *, slots);
    r.growth = RL_NEW(l->tmp, growth, l->n_column);
    rl_csv_chunks(l->src, &l->t->header, bytes, &sink, &done, cx);
    free_slots(&r, slots);
    for (size_t i = 0; i < l->n_column; i++)
        if (r.growth[i].fresh.wait > 0) settle(&r, i, done ? l->n : r.growth[i].row0, cx);
    if (done && !r.changed) {
        for (size_t j = 0; j < l->n_column; j++) l->column[j].col->full = !has_blank(&r, slots, j);
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
