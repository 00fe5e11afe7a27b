/* Noise for the CSV reader.  The first byte picks delimiter, encoding and
 * number format; the rest is the file.  What is asked: no memory fault, rows
 * as wide as the header, the same rows on a second reading, a place for every
 * refusal, and the same table when the file is cut into pieces of few bytes:
 * that is the quote-free splitter against libcsv. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hash.h"
#include "data/table_read.h"

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

/* Every cell and fault of the file's table as one number; 0 when it is refused. */
static uint64_t table_sum(const rl_source *src, size_t cut, int threads)
{
    rl_ctx cx;
    rl_header head = {0};
    rl_faults faults;
    rl_table t;
    uint64_t sum = 1;
    rl_ctx_init(&cx, threads, 1, no_memory, NULL);
    rl_faults_init(&faults, cx.keep);
    rl_code code = rl_csv_header(src, &head, &cx);
    size_t n = 0;
    rl_want *want = RL_NEW(cx.keep, rl_want, head.n + 1);
    for (size_t j = 0; code == RL_OK && j < head.n; j++) {
        bool twice;
        rl_header_find(&head, head.name[j], &twice);
        if (!twice) want[n++] = (rl_want){.name = head.name[j], .type = (rl_type)(j % 4)};
    }
    if (code == RL_OK) code = rl_table_read_cut(src, want, n, &faults, &t, cx.keep, cut, &cx);
    for (size_t j = 0; code == RL_OK && j < t.k; j++) {
        for (size_t i = 0; i < t.n; i++) {
            char buf[32];
            const char *s = rl_cell_text(&t.col[j], i, buf);
            sum = sum * 31 + rl_hash64(s, strlen(s)) + (uint64_t)t.col[j].type;
            if (t.col[j].type == RL_TEXT) sum = sum * 31 + (uint64_t)(t.col[j].code[i] + 1);
        }
        sum = sum * 31 + t.n;
    }
    for (size_t i = 0; code == RL_OK && i < faults.n; i++)
        sum = sum * 31 + faults.fault[i].row * 64 + (uint64_t)faults.fault[i].field;
    rl_ctx_free(&cx);
    return code == RL_OK ? sum : 0;
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
    assert(table_sum(&src, SIZE_MAX, 1) == table_sum(&src, 8 + (bytes[0] >> 6), 1));
    close(fd);
    return 0;
}
