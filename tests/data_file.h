/* tests/data_file.h -- files a test writes for itself: gone when it ends. */
#ifndef RL_TESTS_DATA_FILE_H
#define RL_TESTS_DATA_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char data_dir[] = "/tmp/revlift-test-XXXXXX";
static char data_path[sizeof data_dir + 32];
static int data_files;

static void data_remove(void)
{
    for (int i = 0; i < data_files; i++) {
        snprintf(data_path, sizeof data_path, "%s/%d.csv", data_dir, i);
        unlink(data_path);
    }
    rmdir(data_dir);
}

/* The path of a new file with these bytes; it stays until the test program ends. */
static inline char *data_file(const void *bytes, size_t n)
{
    if (data_files == 0) {
        if (mkdtemp(data_dir) == NULL) abort();
        atexit(data_remove);
    }
    snprintf(data_path, sizeof data_path, "%s/%d.csv", data_dir, data_files++);
    FILE *f = fopen(data_path, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) abort();
    return strdup(data_path);
}

#define DATA_TEXT(literal) data_file("" literal, sizeof(literal) - 1) /* embedded NULs are kept */

#endif
