# forest.gp -- one effect a group: the thick bar is its own interval, the thin one holds with all the others at once.
# dat: y estimate low high wide_low wide_high stands.  Variables: last (rows of the chart) whole whole_low whole_high xlabel
# height (theme.gp)
stats dat using 5:6 nooutput
set lmargin at screen 0.22
set rmargin at screen 0.97
set tmargin at screen 1.0 - 70.0 / height
set border 1 lw 0.75 lc rgb AXIS
unset grid
set grid xtics lt 1 lw 0.5 lc rgb PALE
set ytics scale 0 offset -0.5, 0
set yrange [last + 0.6:-0.6]
set offsets graph 0.03, graph 0.03, 0, 0
set xlabel xlabel
set object 1 rectangle from whole_low, graph 0 to whole_high, graph 1 behind fillcolor rgb SHADE fillstyle solid 1 noborder
if (STATS_min_x <= 0 && STATS_max_y >= 0) set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 0.9 lc rgb GREY back
set arrow 2 from whole, graph 0 to whole, graph 1 nohead lw 1 dashtype (6, 4) lc rgb BLUE back
plot dat using 2:1:5:6 with xerrorbars lw 1 pt -1 lc rgb SLATE, \
     dat using 2:1:3:4 with xerrorbars lw 3.2 pt -1 lc rgb BLUE, \
     dat using 2:($7 > 0 ? $1 : NaN) with points pt 7 ps 0.9 lc rgb BLUE, \
     dat using 2:($7 > 0 ? NaN : $1) with points pt 7 ps 0.9 lc rgb 'white', \
     dat using 2:($7 > 0 ? NaN : $1) with points pt 6 ps 0.9 lw 1.6 lc rgb BLUE
