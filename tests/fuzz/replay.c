/* Give each file named to a fuzz target: the corpus as a plain test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return 1;
    uint8_t *bytes = calloc(1, 1 << 20);
    size_t n = bytes != NULL ? fread(bytes, 1, 1 << 20, f) : 0;
    fclose(f);
    printf("# %s: %zu bytes\n", path, n);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int n = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        if (d == NULL) return 1;
        for (struct dirent *e; (e = readdir(d)) != NULL;)
            if (e->d_name[0] != '.') failed += replay(argv[i], e->d_name), n++;
        closedir(d);
    }
    printf("%s 1 - %d inputs\n", failed || n == 0 ? "not ok" : "ok", n);
    return failed || n == 0;
}
