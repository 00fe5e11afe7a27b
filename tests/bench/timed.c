/* timed -- run a command; say seconds of wall clock and peak memory.
 *
 * usage: timed COMMAND [ARGUMENT..]
 * Writes `SECONDS KIB` to file descriptor 3, or to standard error when 3 is
 * closed; ends with the command's status.  (time(1) is missing on a small
 * system, and the shell's own knows no memory.)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: timed COMMAND [ARGUMENT..]\n");
        return 2;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        fprintf(stderr, "timed: %s: %s\n", argv[1], strerror(errno));
        _exit(127);
    }
    int status = 0;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        fprintf(stderr, "timed: %s\n", strerror(errno));
        return 5;
    }
    double seconds = now() - start;
    if (dprintf(3, "%.3f %ld\n", seconds, used.ru_maxrss) < 0) fprintf(stderr, "%.3f %ld\n", seconds, used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
