# rollout.gp -- who is treated when: a row a cohort, a column a period; darker where the programme is on.
# dat: period row state (0 before, 1 exposed) rows.  Variables: last (rows of the chart) periods xlabel height (theme.gp)
set lmargin at screen 0.22
set rmargin at screen 0.97
set tmargin at screen 1.0 - 70.0 / height
set border 0
unset grid
set ytics scale 0
set xtics scale 0
set xlabel xlabel
set xrange [-0.5:periods - 0.5]
set yrange [last + 0.5:-0.5]
plot dat using ($3 == 0 ? $1 : NaN):2:($1 - 0.47):($1 + 0.47):($2 - 0.4):($2 + 0.4) with boxxyerror fillstyle solid 1 noborder lc rgb PALE, \
     dat using ($3 == 1 ? $1 : NaN):2:($1 - 0.47):($1 + 0.47):($2 - 0.4):($2 + 0.4) with boxxyerror fillstyle solid 1 noborder lc rgb BLUE
