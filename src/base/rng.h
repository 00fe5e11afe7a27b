/* base/rng.h -- random numbers that belong to what they are drawn for.
 *
 * A draw is a pure function of (seed, unit, draw): the order of the rows and
 * the number of threads cannot change it.  A stream is the same function
 * with a counter, for code that needs many draws for one thing.
 *
 * Source: the splitmix64 finaliser of Steele, Lea & Flood (2014), applied to
 * a counter.  Normals by inversion in base-2 arithmetic that is the same on
 * every x86-64 CPU (no libm routine whose bits depend on the machine).
 */
#ifndef RL_BASE_RNG_H
#define RL_BASE_RNG_H

#include <stdint.h>

static inline uint64_t rl_mix64(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 64 uniform bits for (seed, unit, draw). */
static inline uint64_t rl_draw(uint64_t seed, uint64_t unit, uint64_t draw)
{
    uint64_t h = rl_mix64(seed + 0x9e3779b97f4a7c15u);
    h = rl_mix64(h ^ (unit + 0x9e3779b97f4a7c15u));
    return rl_mix64(h + (draw + 1) * 0x9e3779b97f4a7c15u);
}

typedef struct rl_rng { uint64_t key, count; } rl_rng;

static inline rl_rng rl_rng_for(uint64_t seed, uint64_t unit) { return (rl_rng){rl_draw(seed, unit, 0), 0}; }
static inline uint64_t rl_bits(rl_rng *r) { return rl_draw(r->key, 0x5851f42d4c957f2du, r->count++); }

/* Uniform on (0, 1): the midpoints of 2^52 cells, exactly; never 0 and never 1. */
static inline double rl_uniform_of(uint64_t bits) { return ((double)(bits >> 12) + 0.5) * 0x1p-52; }
static inline double rl_uniform(rl_rng *r) { return rl_uniform_of(rl_bits(r)); }

double rl_normal_of(double u);                       /* the standard normal quantile of u        */
static inline double rl_normal(rl_rng *r) { return rl_normal_of(rl_uniform(r)); }
double rl_exponential(rl_rng *r);                    /* mean 1                                   */
double rl_gamma(rl_rng *r, double shape);            /* mean = shape, scale 1; shape > 0         */
unsigned rl_poisson(rl_rng *r, double mean);         /* 0 <= mean <= 500                         */

#endif
