# estimators.gp -- one question by several estimators: a row each, a panel for each quantity, so that one axis has one.
# dat: y estimate low high same near near_low near_high (same: 1 = the average effect on the treated, 0 = by weights of its
# own; near: the mean over common event times).  Variables: last (rows of the chart) low1 high1 low2 high2 (ends of the
# axes) whole whole_low whole_high own_near xlabel panel1 panel2 (what each shows; panel2 '' = one panel) height (theme.gp)
LEFT = 0.185; RIGHT = 0.975; GAP = 0.065
two = strlen(panel2) > 0
MIDDLE = two ? 0.5 * (LEFT + RIGHT - GAP) : RIGHT
set border 1 lw 0.75 lc rgb AXIS
unset grid
set grid xtics lt 1 lw 0.5 lc rgb PALE
set yrange [last + 0.6:-0.6]
set tmargin at screen 1.0 - 92.0 / height
set bmargin at screen 62.0 / height
set label 103 xlabel at screen 0.5 * (LEFT + RIGHT), screen 20.0 / height center textcolor rgb GREY
set label 104 panel1 at screen LEFT, screen 1.0 - 76.0 / height left font SMALL_FONT textcolor rgb INK
if (two) set label 105 panel2 at screen MIDDLE + GAP, screen 1.0 - 76.0 / height left font SMALL_FONT textcolor rgb INK
step = (two ? 5 : 8)
nice(x) = (p = 10 ** floor(log10(x)), x / p > 5 ? 10 * p : x / p > 2 ? 5 * p : x / p > 1 ? 2 * p : p)
set multiplot
set lmargin at screen LEFT
set rmargin at screen MIDDLE
set ytics scale 0 offset -0.5, 0
set xtics nice((high1 - low1) / step)
set xrange [low1:high1]
set object 1 rectangle from whole_low, graph 0 to whole_high, graph 1 behind fillcolor rgb SHADE fillstyle solid 1 noborder
if (low1 <= 0 && high1 >= 0) set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 0.9 lc rgb GREY back
set arrow 2 from whole, graph 0 to whole, graph 1 nohead lw 1 dashtype (6, 4) lc rgb BLUE back
plot dat using 2:1:3:4 with xerrorbars lw 3.2 pt -1 lc rgb BLUE, \
     dat using 2:($5 > 0 ? $1 : NaN) with points pt 7 ps 0.9 lc rgb BLUE, \
     dat using 2:($5 > 0 ? NaN : $1) with points pt 7 ps 0.9 lc rgb 'white', \
     dat using 2:($5 > 0 ? NaN : $1) with points pt 6 ps 0.9 lw 1.6 lc rgb BLUE
if (two) {
    do for [i = 101:105] { unset label i }
    unset object 1
    unset arrow 1
    unset arrow 2
    set lmargin at screen MIDDLE + GAP
    set rmargin at screen RIGHT
    unset ytics
    set xtics nice((high2 - low2) / step)
    set xrange [low2:high2]
    if (low2 <= 0 && high2 >= 0) { set arrow 1 from 0, graph 0 to 0, graph 1 nohead lw 0.9 lc rgb GREY back }
    if (own_near == own_near) {
        set arrow 2 from own_near, graph 0 to own_near, graph 1 nohead lw 1 dashtype (6, 4) lc rgb TEAL back
    }
    plot dat using 6:1:7:8 with xerrorbars lw 3.2 pt -1 lc rgb TEAL, \
         dat using 6:1 with points pt 5 ps 0.8 lc rgb TEAL
}
unset multiplot
