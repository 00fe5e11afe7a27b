# estimators.gp -- one effect by several estimators: dot, the average effect on the treated; ring, the mean over the same
# event times, small beside a dot; square, weights of the method's own.
# dat: y estimate low high kind (0 dot, 1 ring, 2 square, 3 small ring), NaN where there is no interval.  Variables: last
# (rows of the chart) low high (ends of the axis) whole whole_low whole_high xlabel height (theme.gp)
set lmargin at screen 0.22
set rmargin at screen 0.97
set tmargin at screen 1.0 - 70.0 / height
set border 1 lw 0.75 lc rgb AXIS
unset grid
set grid xtics lt 1 lw 0.5 lc rgb PALE
set ytics scale 0 offset -0.5, 0
set yrange [last + 0.7:-0.6]
set xlabel xlabel
set xrange [low:high]
if (low <= 0 && high >= 0) set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 0.9 lc rgb GREY back
set object 1 rectangle from whole_low, graph 0 to whole_high, graph 1 behind fillcolor rgb SHADE fillstyle solid 1 noborder
set arrow 2 from whole, graph 0 to whole, graph 1 nohead lw 1 dashtype (6, 4) lc rgb BLUE back
plot dat using 2:($5 == 3 ? $1 : NaN):3:4 with xerrorbars lw 1 pt -1 lc rgb SLATE, \
     dat using 2:($5 < 3 ? $1 : NaN):3:4 with xerrorbars lw 3.2 pt -1 lc rgb BLUE, \
     dat using 2:($5 == 0 ? $1 : NaN) with points pt 7 ps 0.9 lc rgb BLUE, \
     dat using 2:($5 == 1 ? $1 : NaN) with points pt 7 ps 0.9 lc rgb 'white', \
     dat using 2:($5 == 1 ? $1 : NaN) with points pt 6 ps 0.9 lw 1.6 lc rgb BLUE, \
     dat using 2:($5 == 2 ? $1 : NaN) with points pt 5 ps 0.9 lc rgb 'white', \
     dat using 2:($5 == 2 ? $1 : NaN) with points pt 4 ps 0.9 lw 1.6 lc rgb BLUE, \
     dat using 2:($5 == 3 ? $1 : NaN) with points pt 7 ps 0.55 lc rgb 'white', \
     dat using 2:($5 == 3 ? $1 : NaN) with points pt 6 ps 0.55 lw 1.2 lc rgb SLATE
