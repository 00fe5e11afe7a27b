/* num/simplex.h -- least squares with weights: 0 or more, and one in sum.
 *
 *   minimise  |A x - b|^2 + ridge |x|^2   over  x >= 0,  sum x = 1
 *
 *   n  columns of A, weights      rows  of A
 *
 * Two answers to it: Frank and Wolfe's steps, stopped, which is what programs
 * for synthetic controls report, and the minimum itself.
 *
 * Source: Frank & Wolfe (1956), Naval Research Logistics Quarterly 3; Arkhangelsky, Athey, Hirshberg, Imbens & Wager
 * (2021), AER 111 (the stopped steps, package synthdid 0.0.9); Wolfe (1976), Mathematical Programming 11 (the
 * simplex without its equation); Judice & Pires (1994), Computers & Operations Research 21 (block pivots).
 */
#ifndef RL_NUM_SIMPLEX_H
#define RL_NUM_SIMPLEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rl_simplex {
    size_t n, rows;
    double ridge;          /* 0 or more                                                       */
    const uint32_t *at;    /* n    column i is number at[i] of those below; NULL = i          */
    const double *data;    /*      columns, `rows` numbers each, from data + at[i] stride on  */
    size_t stride;
    const double *b;       /* rows                                                            */
    const double *gram;    /*      their products A_i'A_j at gram[at[i] ld + at[j]], or NULL  */
    size_t ld;
    const double *c;       /* n    A_i'b                                                      */
} rl_simplex;

/* Doubles of room that either takes. */
size_t rl_simplex_room(size_t n, size_t rows);

/* Steps towards single weights, each as long as it pays, from x on: at most `most`, and after the second none once a
 * step lowers the mean square (the minimand over rows) by `least` or less.  Reads gram and c, or data and c.
 *
 *   x  n  in: a start, sum 1; out
 *
 * Returns the steps made.  Cost: a step n with gram, n rows without. */
size_t rl_simplex_walk(const rl_simplex *s, double *x, size_t most, double least, double *room);

/* The minimum, to what long double leaves of it (a ridge below 1e-17 of the largest column's square, less b, counts
 * as that much, so that there is one).  Reads data and b.
 *
 *   x  n  in: those above 0 are tried first; out
 *
 * False: it was not found (never seen; more than 200 + 20 n exchanges).
 * Cost: an exchange n rows min(n, rows) + min(n, rows)^3 / 6; some ten of them from a good start. */
bool rl_simplex_exact(const rl_simplex *s, double *x, double *room);

#endif
