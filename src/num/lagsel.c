#include "num/lagsel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fmath.h"

typedef struct search {
    const rl_lagsel *s;
    const double *diag; /* c+1  squares before anything was swept out */
    double *room;
    size_t c;
    size_t width[RL_LAGSEL_BLOCKS];
    rl_lagsel_best *out;
} search;

static const double NOTHING_LEFT = 1e-12, PERFECT = 1e-26;

size_t rl_lagsel_room(const rl_lagsel *s)
{
    size_t c = s->first[s->k] + 1;
    return c + (s->k + 1) * c * c;
}

double rl_lagsel_orders(const rl_lagsel *s)
{
    double orders = 1;
    for (size_t j = 0; j < s->k; j++) orders *= (double)(s->first[j + 1] - s->first[j]);
    return orders;
}

static double worth(const search *q, double rss, size_t columns)
{
    double n = (double)q->s->n, least = PERFECT * q->diag[q->c];
    return n * rl_log((rss > least ? rss : least) / n) + q->s->penalty * (double)columns;
}

static void consider(search *q, double score)
{
    rl_lagsel_best *b = q->out;
    b->compared++;
    if (score < b->score) {
        b->second_score = b->score;
        memcpy(b->second, b->width, sizeof b->second);
        b->score = score;
        memcpy(b->width, q->width, sizeof b->width);
    } else if (score < b->second_score &&
               (score > b->score || memcmp(b->width, q->width, q->s->k * sizeof *q->width) != 0)) {
        b->second_score = score;
        memcpy(b->second, q->width, sizeof b->second);
    }
}

/* Upper triangles M of m columns, leading dimension m: sweep column j out of the columns behind it. */
static void sweep(double *M, size_t m, size_t j)
{
    const double *row = M + j * m;
    double by = 1 / row[j];
    for (size_t i = j + 1; i < m; i++) {
        double f = row[i] * by, *to = M + i * m;
        for (size_t l = i; l < m; l++) to[l] -= f * row[l];
    }
}

/* Block `block` on what is left of its columns and those behind it (m with y, row-major upper triangle). */
static void descend(search *q, size_t block, double *M, size_t m, size_t columns)
{
    const rl_lagsel *s = q->s;
    size_t from = s->first[block], w = s->first[block + 1] - from, rest = m - w;
    bool last = block + 1 == s->k;
    double *next = M + m * m;
    for (size_t j = 0; j < w; j++) {
        if (!(M[j * m + j] > NOTHING_LEFT * q->diag[from + j])) return;
        sweep(M, m, j);
        q->width[block] = j + 1;
        if (last) {
            consider(q, worth(q, M[m * m - 1], columns + j + 1));
            continue;
        }
        for (size_t i = 0; i < rest; i++)
            memcpy(next + i * rest + i, M + (w + i) * m + w + i, (rest - i) * sizeof *next);
        descend(q, block + 1, next, rest, columns + j + 1);
    }
}

static double score_of(search *q, const double *G, const size_t *width)
{
    size_t c = q->c + 1, columns = 0;
    double *M = q->room;
    memcpy(M, G, c * c * sizeof *M);
    for (size_t j = 0; j < q->s->k; j++) {
        size_t from = q->s->first[j];
        for (size_t i = from; i < from + width[j]; i++, columns++) {
            if (!(M[i * c + i] > NOTHING_LEFT * q->diag[i])) return INFINITY;
            sweep(M, c, i);
        }
    }
    return worth(q, M[c * c - 1], columns);
}

/* Block by block, the best number of columns given the others'. */
static void in_turns(search *q, const double *G)
{
    const rl_lagsel *s = q->s;
    double best = score_of(q, G, q->width);
    consider(q, best);
    for (bool better = true; better;) {
        better = false;
        for (size_t j = 0; j < s->k; j++) {
            size_t was = q->width[j], at = was;
            for (size_t w = 1; w <= s->first[j + 1] - s->first[j]; w++) {
                if (w == was) continue;
                q->width[j] = w;
                double score = score_of(q, G, q->width);
                consider(q, score);
                if (!(score < best)) continue;
                best = score;
                at = w;
                better = true;
            }
            q->width[j] = at;
        }
    }
}

static search begin(const rl_lagsel *s, const double *G, double *room, rl_lagsel_best *out)
{
    size_t c = s->first[s->k];
    assert(s->k > 0 && s->k <= RL_LAGSEL_BLOCKS);
    for (size_t j = 0; j <= c; j++) room[j] = G[j * (c + 1) + j];
    return (search){.s = s, .diag = room, .room = room + c + 1, .c = c, .out = out};
}

double rl_lagsel_score(const rl_lagsel *s, const double *G, const size_t *width, double *room)
{
    search q = begin(s, G, room, NULL);
    return score_of(&q, G, width);
}

void rl_lagsel_search(const rl_lagsel *s, const double *G, double *room, rl_lagsel_best *out)
{
    search q = begin(s, G, room, out);
    *out = (rl_lagsel_best){.score = INFINITY, .second_score = INFINITY};
    if (rl_lagsel_orders(s) <= (double)s->most) {
        memcpy(q.room, G, (q.c + 1) * (q.c + 1) * sizeof *G);
        descend(&q, 0, q.room, q.c + 1, 0);
        return;
    }
    out->stepwise = true;
    for (size_t j = 0; j < s->k; j++) q.width[j] = 1;
    in_turns(&q, G);
    for (size_t j = 0; j < s->k; j++) q.width[j] = s->first[j + 1] - s->first[j];
    in_turns(&q, G);
}
