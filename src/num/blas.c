#include "num/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

enum { COLUMN_MAJOR = 102, AS_IT_IS = 111, TRANSPOSED = 112, ONE_THREAD = 0 }; /* of cblas.h */

typedef void dgemm_fn(int layout, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *A, int lda,
                      const double *B, int ldb, double beta, double *C, int ldc);

static dgemm_fn *dgemm;
static bool alone; /* a build without threads keeps its workspace to itself */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

/* Its own threads would compete with ours. */
static void open_library(void)
{
    static const char *const NAME[] = {"libopenblas.so.0", "libopenblas.so"};
    void *lib = NULL;
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME && lib == NULL; i++) lib = dlopen(NAME[i], RTLD_NOW | RTLD_LOCAL);
    if (lib == NULL) return;
    void *product = dlsym(lib, "cblas_dgemm"), *threads = dlsym(lib, "openblas_set_num_threads"),
         *parallel = dlsym(lib, "openblas_get_parallel");
    if (product == NULL || threads == NULL || parallel == NULL) return;
    void (*set_threads)(int);
    int (*get_parallel)(void);
    memcpy(&set_threads, &threads, sizeof threads);
    memcpy(&get_parallel, &parallel, sizeof parallel);
    memcpy(&dgemm, &product, sizeof product);
    set_threads(1);
    alone = get_parallel() == ONE_THREAD;
}

bool rl_blas_open(void)
{
    pthread_once(&once, open_library);
    return dgemm != NULL;
}

void rl_blas_plain(size_t m, size_t n, size_t k, const double *A, size_t lda, const double *B, size_t ldb, double *C,
                   size_t ldc)
{
    for (size_t j = 0; j < n; j++) {
        double *c = C + j * ldc;
        memset(c, 0, m * sizeof *c);
        for (size_t p = 0; p < k; p++) {
            const double *a = A + p * lda;
            double b = B[j + p * ldb];
            for (size_t i = 0; i < m && b != 0; i++) c[i] += a[i] * b;
        }
    }
}

void rl_blas_product(size_t m, size_t n, size_t k, const double *A, size_t lda, const double *B, size_t ldb, double *C,
                     size_t ldc)
{
    if (m == 0 || n == 0) return;
    if (dgemm == NULL) {
        rl_blas_plain(m, n, k, A, lda, B, ldb, C, ldc);
        return;
    }
    if (alone) pthread_mutex_lock(&turn);
    dgemm(COLUMN_MAJOR, AS_IT_IS, TRANSPOSED, (int)m, (int)n, (int)k, 1, A, (int)lda, B, (int)ldb, 0, C, (int)ldc);
    if (alone) pthread_mutex_unlock(&turn);
}
