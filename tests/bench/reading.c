/* reading.c -- reading FILE THREADS [COLUMN:TYPE ..]: seconds to make a table of a CSV file.
 *
 * Prints wall and CPU seconds, MB a second, and the wall seconds a plain
 * scan for line ends of the same file takes in the same process, which says
 * how fast this machine is at the moment.  TYPE is num, date, text or auto;
 * without columns all are read as auto. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "data/table_read.h"

static void no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    exit(5);
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t lines(const char *path, double *bytes)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    size_t n = 0;
    static char buf[1 << 18];
    if (fd < 0 || fstat(fd, &st) != 0) exit(3);
    *bytes = (double)st.st_size;
    for (ssize_t got; (got = read(fd, buf, sizeof buf)) > 0;)
        for (const char *p = buf, *end = buf + got; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) n++;
    close(fd);
    return n;
}

static rl_type type_of(const char *s)
{
    return strcmp(s, "num") == 0    ? RL_NUM
           : strcmp(s, "date") == 0 ? RL_DATE
           : strcmp(s, "text") == 0 ? RL_TEXT
                                    : RL_AUTO;
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    rl_faults faults;
    rl_table t;
    rl_want want[64];
    rl_header head;
    size_t n = 0;
    double bytes, start = now(CLOCK_MONOTONIC);
    if (argc < 3) return 2;
    lines(argv[1], &bytes);
    double scan = now(CLOCK_MONOTONIC) - start;
    rl_ctx_init(&cx, atoi(argv[2]), 1, no_memory, NULL);
    rl_faults_init(&faults, cx.keep);
    rl_source src = rl_source_of(argv[1]);
    if (rl_csv_header(&src, &head, &cx) != RL_OK) return 3;
    for (int i = 3; i < argc && n < 64; i++) {
        char *colon = strchr(argv[i], ':');
        if (colon == NULL) return 2;
        *colon = '\0';
        want[n++] = (rl_want){.name = argv[i], .type = type_of(colon + 1)};
    }
    for (size_t j = 0; argc == 3 && j < head.n && j < 64; j++)
        want[n++] = (rl_want){.name = head.name[j], .type = RL_AUTO};
    start = now(CLOCK_MONOTONIC);
    double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    if (rl_table_read(&src, want, n, &faults, &t, cx.keep, &cx) != RL_OK)
        return fprintf(stderr, "%s\n", cx.err.what), 3;
    double wall = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%zu rows %.0f MB: %.3f s wall, %.3f s CPU, %.0f MB/s; line scan %.3f s\n", t.n, bytes / 1e6, wall, cpu,
           bytes / 1e6 / wall, scan);
    rl_ctx_free(&cx);
    return 0;
}
