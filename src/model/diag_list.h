/* model/diag_list.h -- the tests of diag.c's table, by the file they stand in. */
#ifndef RL_MODEL_DIAG_LIST_H
#define RL_MODEL_DIAG_LIST_H

#include "model/diag.h"

#define RL_DIAG_RUN(name) RL_MUST rl_code rl_diag_##name(const rl_diag *g, rl_ctx *cx)

/* diag_serial.c */
RL_DIAG_RUN(breusch_godfrey);
RL_DIAG_RUN(ljung_box);
RL_DIAG_RUN(box_pierce);
RL_DIAG_RUN(durbin_watson);
RL_DIAG_RUN(arch);

/* diag_shape.c */
RL_DIAG_RUN(jarque_bera);
RL_DIAG_RUN(breusch_pagan);
RL_DIAG_RUN(white);
RL_DIAG_RUN(reset);

/* diag_unitroot.c */
RL_DIAG_RUN(adf);
RL_DIAG_RUN(pp);
RL_DIAG_RUN(kpss);
RL_DIAG_RUN(engle_granger);

/* diag_future.c */
RL_DIAG_RUN(leads);
RL_DIAG_RUN(granger);
RL_DIAG_RUN(feedback);

/* diag_stability.c */
RL_DIAG_RUN(chow);
RL_DIAG_RUN(cusum);
RL_DIAG_RUN(cusumsq);
RL_DIAG_RUN(quandt);

/* diag_collinear.c */
RL_DIAG_RUN(collinearity);

/* diag_influence.c */
RL_DIAG_RUN(influence);

/* diag_all.c */
RL_DIAG_RUN(all);

#endif
