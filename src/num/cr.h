/* num/cr.h -- bias-reduced cluster covariances: scores of CR2 and CR3, and
 * Satterthwaite degrees of freedom.
 *
 *   V_j = sum_g s_gj^2,   s_gj = a_gj'e_g,   a_gj = A_g'W_g x_gj
 *
 * x_gj is the direction X (X'WX)^-1 L_j' of estimate j on the rows of cluster
 * g, and with H the hat matrix of the whole design, effects included,
 *
 *   CR2   A_g = [(I - H)(I - H)']_gg ^ -1/2     (= (I - H)_gg ^ -1/2 without weights)
 *   CR3   A_g = (I - H_gg)^-1
 *
 * under errors of equal variance; where the root or the inverse does not
 * exist, the directions it lacks count zero.  Degrees of freedom are
 * (tr P)^2 / tr(P P) with P_gh the covariance of s_g and s_h under the same.
 *
 *   n  rows   k  regressors   q  other columns   m  estimates   G  clusters
 *
 * The design is [X D F]: X with all effects swept out, D the dummies of all
 * effects but F with F swept out, F by group means; so X'WD = 0 and H is
 * never formed.  An effect F nested in the clusters drops out by itself
 * unless there are weights under CR2: leave it away then.
 *
 * In a cluster of n_g rows with c = k + q + levels of F that occur in it:
 * n_g <= c     eigenvalues of the n_g-by-n_g matrix itself
 * n_g > c      those of the c-by-c cross-product of its columns (Woodbury);
 *              with weights under CR2, of the matrix on an orthonormal base of
 *              the 2c columns [B WB]
 *
 * Cost    n c^2 + G c^3 flops, and n c doubles shared out over the workers;
 *         degrees of freedom G c^2 without F, else G (k + q + levels) G_F
 * Source  Bell & McCaffrey (2002), Survey Methodology 28(2); Pustejovsky & Tipton
 *         (2018), Journal of Business & Economic Statistics 36(4)
 */
#ifndef RL_NUM_CR_H
#define RL_NUM_CR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/cols.h"

typedef struct rl_cr {
    size_t n, G;
    const int32_t *code; /* n          cluster of each row, 0 .. G-1, each occurs       */
    rl_cols X;           /* n-by-k                                                      */
    rl_mat RX;           /* k-by-k     (X'WX)^-1 = RX RX'                               */
    rl_mat D, RD;        /* n-by-q     q-by-q, (D'WD)^-1 = RD RD'; q may be 0           */
    const int32_t *F;    /* n          level of the effect swept by means, or NULL      */
    size_t levels;       /*            of F                                             */
    const double *w, *e; /* n          weights > 0 or NULL; residuals                   */
    rl_mat LA;           /* m-by-k     L (X'WX)^-1                                      */
    bool jackknife;      /* CR3 instead of CR2                                          */
} rl_cr;

/*   S     out  G-by-m   scores
 *   df    out  m        Satterthwaite
 *   lost  out  G        1 where the cluster's matrix is singular in a direction some
 *                       estimate needs: without that cluster it is not identified
 *
 * Errors  RL_EDATA   a cluster is too large: more than 3,000 eigenvalues; too many estimates,
 *                    columns and clusters for the sums of each with each, 3 GB
 *         RL_ENUM    eigenvalues that do not settle */
RL_MUST rl_code rl_cr_scores(const rl_cr *p, rl_mat *S, double *df, unsigned char *lost, rl_ctx *cx);

/* Degrees of freedom of the m estimates' covariance as one Wishart matrix, for
 * Hotelling's T squared: with W the Wald statistic,
 *
 *   (df - m + 1) / (df m) W  ~  F(m, df - m + 1)
 *
 *   df = m (m + 1) / sum_gh ((tr B_gh)^2 + tr B_gh B_gh)
 *
 * where B_gh is the m-by-m covariance of the scores of g and h in units of their
 * sum's.  One estimate: Satterthwaite's.
 *
 *   df    out       NaN when the estimates depend on each other
 *
 * Errors as above.  Cost: G (m (k + q))^2 without F, else G m^2 times that of a df above
 * Source: Pustejovsky & Tipton (2018), section 3.2 (HTZ) */
RL_MUST rl_code rl_cr_joint(const rl_cr *p, double *df, rl_ctx *cx);

#endif
