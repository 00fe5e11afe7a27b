/* gen.c -- the data of the speed tables: gen panel|windows|mixed|series|weeks|rollout|switches N SEED >FILE
 *
 *   panel    N units x 100 periods       id,t,y,x1,x2,x3
 *   windows  N units, 10 to 30 periods in a row out of 200 each
 *   mixed    N rows                      id,date,channel,amount,spend,region
 *   series   N periods                   t,x,y       y keeps on with x, two periods of it and its own past
 *   weeks    N units x 260 weeks         id,week,y,c1 .. c8: spend by channel, each lingering in its own way
 *   rollout  N units x 20 periods        id,t,g,x,y: 16 cohorts that start in 5 .. 20, three in ten never (0)
 *   switches N units x 20 periods        id,t,d,y: half of the units on for a while, some of them on again
 *
 * Numbers have 15 significant digits, as R's fwrite gives them; the same
 * bytes for a seed on every machine.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static double uniform(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Sum of twelve uniforms less six: near enough to a normal, and the same bits everywhere. */
static double normal(void)
{
    double s = -6;
    for (int i = 0; i < 12; i++) s += uniform();
    return s;
}

static void panel(long N)
{
    puts("id,t,y,x1,x2,x3");
    for (long u = 1; u <= N; u++) {
        double a = normal();
        for (int t = 1; t <= 100; t++) {
            double x1 = normal() + a, x2 = normal();
            int x3 = uniform() < .3;
            printf("%ld,%d,%.15g,%.15g,%.15g,%d\n", u, t, a + .05 * t + x1 - .5 * x2 + .25 * x3 + normal(), x1, x2, x3);
        }
    }
}

static void windows(long N)
{
    puts("id,t,y,x1,x2,x3");
    for (long u = 1; u <= N; u++) {
        double a = normal(), b = normal();
        int length = 10 + (int)(uniform() * 21), start = 1 + (int)(uniform() * (200 - length));
        for (int t = start; t < start + length; t++) {
            double x1 = normal() + b, x2 = normal() + .02 * t, x3 = normal();
            double y = a + (t % 57) / 28.5 + x1 - .5 * x2 + .25 * x3 + normal();
            printf("%ld,%d,%.15g,%.15g,%.15g,%.15g\n", u, t, y, x1, x2, x3);
        }
    }
}

static void mixed(long N)
{
    static const char *const CHANNEL[] = {"paid", "email", "event", "web", "partner"};
    puts("id,date,channel,amount,spend,region");
    for (long i = 1; i <= N; i++) {
        int day = (int)(uniform() * 2000);
        printf("D-%08ld,%d-%02d-%02d,%s,%.2f,%.3f,region-%d\n", i, 2020 + day / 372, 1 + day / 31 % 12, 1 + day % 28,
               CHANNEL[(int)(uniform() * 5)], 500 + 9000 * uniform() * uniform(), 1000 * uniform(),
               1 + (int)(uniform() * 40));
    }
}

static void series(long N)
{
    double x[3] = {0}, y = 0;
    puts("t,x,y");
    for (long t = 1; t <= N; t++) {
        x[2] = x[1];
        x[1] = x[0];
        x[0] = .5 * x[1] + normal();
        y = .6 * y + .5 * x[0] + .3 * x[1] + .1 * x[2] + normal();
        printf("%ld,%.15g,%.15g\n", t, x[0], y);
    }
}

static void weeks(long N)
{
    enum { CHANNELS = 8, WEEKS = 260 };
    puts("id,week,y,c1,c2,c3,c4,c5,c6,c7,c8");
    for (long u = 1; u <= N; u++) {
        double a = normal(), stock[CHANNELS] = {0};
        for (int t = 1; t <= WEEKS; t++) {
            double spend[CHANNELS], y = a + .5 * (t % 52) / 52 + normal();
            for (int c = 0; c < CHANNELS; c++) {
                spend[c] = 100 * uniform() * uniform();
                stock[c] = spend[c] + .1 * c * stock[c];
                y += .01 * (c % 3) * stock[c];
            }
            printf("%ld,%d,%.6f", u, t, y);
            for (int c = 0; c < CHANNELS; c++) printf(",%.2f", spend[c]);
            putchar('\n');
        }
    }
}

/* Treated units have a larger x, and y goes up with x over time: without it the answer is wrong. */
static void rollout(long N)
{
    enum { TIMES = 20 };
    double common[TIMES];
    for (int t = 0; t < TIMES; t++) common[t] = (t > 0 ? common[t - 1] : 0) + .1 + .2 * normal();
    puts("id,t,g,x,y");
    for (long u = 1; u <= N; u++) {
        int g = uniform() < .3 ? 0 : 5 + (int)(uniform() * 16);
        double a = normal(), x = normal() + .3 * (g > 0);
        for (int t = 1; t <= TIMES; t++) {
            double effect = g > 0 && t >= g ? .4 + .1 * (t - g) : 0;
            printf("%ld,%d,%d,%.4f,%.5f\n", u, t, g, x, a + common[t - 1] + .05 * x * t + effect + normal());
        }
    }
}

static void switches(long N)
{
    enum { TIMES = 20 };
    puts("id,t,d,y");
    for (long u = 1; u <= N; u++) {
        bool ever = uniform() < .5;
        int on = 4 + (int)(uniform() * 14), off = on + 1 + (int)(uniform() * 12),
            again = off + 1 + (int)(uniform() * 12);
        double a = normal();
        for (int t = 1; t <= TIMES; t++) {
            int d = ever && ((t >= on && t < off) || t >= again);
            printf("%ld,%d,%d,%.5f\n", u, t, d, a + .1 * t + .7 * d + normal());
        }
    }
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    long n = argc == 4 ? atol(argv[2]) : 0;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    state = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    if (n > 0 && strcmp(argv[1], "panel") == 0)
        panel(n);
    else if (n > 0 && strcmp(argv[1], "windows") == 0)
        windows(n);
    else if (n > 0 && strcmp(argv[1], "mixed") == 0)
        mixed(n);
    else if (n > 0 && strcmp(argv[1], "series") == 0)
        series(n);
    else if (n > 0 && strcmp(argv[1], "weeks") == 0)
        weeks(n);
    else if (n > 0 && strcmp(argv[1], "rollout") == 0)
        rollout(n);
    else if (n > 0 && strcmp(argv[1], "switches") == 0)
        switches(n);
    else
        return fputs("usage: gen panel|windows|mixed|series|weeks|rollout|switches N SEED\n", stderr), 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
