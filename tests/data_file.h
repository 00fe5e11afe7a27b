/* tests/data_file.h -- files a test writes for itself: gone when it ends. */
#ifndef RL_TESTS_DATA_FILE_H
#define RL_TESTS_DATA_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char data_dir[] = "/tmp/revlift-test-XXXXXX";
static char data_path[256][sizeof data_dir + 16];
static int data_files;

static void data_remove(void)
{
    for (int i = 0; i < data_files; i++) unlink(data_path[i]);
    rmdir(data_dir);
}

/* The path of a new file with these bytes; it stays until the test program ends. */
static inline char *data_file(const void *bytes, size_t n)
{
    if (data_files == 0) {
        if (mkdtemp(data_dir) == NULL) abort();
        atexit(data_remove);
    }
    if (data_files == (int)(sizeof data_path / sizeof *data_path)) abort();
    char *path = data_path[data_files++];
    snprintf(path, sizeof *data_path, "%s/%d.csv", data_dir, data_files);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) abort();
    return path;
}

#define DATA_TEXT(literal) data_file("" literal, sizeof(literal) - 1) /* embedded NULs are kept */

#endif
