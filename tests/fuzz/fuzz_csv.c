/* Noise for the CSV reader.  The first byte picks delimiter, encoding and
 * number format; the rest is the file.  What is asked: no memory fault, rows
 * as wide as the header, the same rows on a second reading, and a place for
 * every refusal. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hash.h"
#include "data/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

typedef struct seen {
    const rl_header *head;
    rl_number_format numbers;
    uint64_t rows, sum;
} seen;

static void no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    abort();
}

static void row(void *user, uint64_t at, const rl_field *field, size_t n_fields)
{
    seen *s = user;
    assert(n_fields == s->head->n);
    assert(at == s->rows);
    s->rows++;
    for (size_t i = 0; i < n_fields; i++) {
        double x;
        int32_t day;
        if (rl_number_parse(field[i].s, field[i].n, s->numbers, &x)) assert(x - x == 0.0);
        if (rl_day_parse(field[i].s, field[i].n, &day)) assert(day >= RL_DAY_MIN && day <= RL_DAY_MAX);
        s->sum = s->sum * 31 + rl_hash64(field[i].s, field[i].n);
    }
}

static rl_code read_once(const rl_source *src, seen *s, rl_ctx *cx)
{
    rl_header head = {0};
    uint64_t rows = 0;
    s->head = &head;
    rl_code code = rl_csv_read(src, &head, row, s, &rows, cx);
    if (code == RL_OK)
        assert(rows == s->rows);
    else
        assert(code == RL_EINPUT && cx->err.what[0] != '\0' && cx->err.file != NULL && cx->err.line >= 0);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0) return 0;
    int fd = memfd_create("fuzz", 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, bytes + 1, n - 1) != (ssize_t)(n - 1)) abort();
    rl_source src = rl_source_of(path);
    src.delimiter = "\0,;\t"[bytes[0] & 3];
    src.encoding = (rl_encoding)((bytes[0] >> 2) % 3);
    src.numbers = (rl_number_format)((bytes[0] >> 4) % 3);

    rl_ctx a, b;
    rl_ctx_init(&a, 1, 1, no_memory, NULL);
    rl_ctx_init(&b, 1, 1, no_memory, NULL);
    seen one = {.numbers = src.numbers}, two = one;
    rl_code first = read_once(&src, &one, &a), second = read_once(&src, &two, &b);
    assert(first == second && one.rows == two.rows && one.sum == two.sum);
    rl_ctx_free(&a);
    rl_ctx_free(&b);
    close(fd);
    return 0;
}
