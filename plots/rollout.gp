# rollout.gp -- who is treated when: a row a cohort (or neighbouring ones), a column a period; darker where the programme
# is on.
# dat: from to (periods) row state (0 before, 1 exposed, 0.5 some of the row's cohorts) rows.
# Variables: last (rows of the chart) periods xlabel height (theme.gp)
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
MIDDLE = '#93b4f5'
plot for [i = 0:2] dat using ($4 == 0.5 * i ? $1 : NaN):3:($1 - 0.47):($2 + 0.47):($3 - 0.4):($3 + 0.4) \
         with boxxyerror fillstyle solid 1 noborder lc rgb (i == 0 ? PALE : i == 1 ? MIDDLE : BLUE)
