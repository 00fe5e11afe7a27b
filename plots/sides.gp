# sides.gp -- event studies of several estimators on one base and one scale: a panel each, one of them behind all others.
# dat: one index an estimator: event estimate low high thin (1: rests on few units), NaN where the
# event times have a gap.  Variables: sides rows (of panels, 3 a row) behind (index of the
# one drawn in each) low high (of the intervals, or where the widest are cut) ylabel xlabel first last height (theme.gp); name1 ..
room = 0.06 * (high - low)
LEFT = 0.105; RIGHT = 0.985; GAP = 0.018
TOP = 1.0 - 74.0 / height; BOTTOM = 58.0 / height; ROW_GAP = 14.0 / height
wide = (RIGHT - LEFT - 2 * GAP) / 3
tall = (TOP - BOTTOM - (rows - 1) * ROW_GAP) / rows
set label 103 xlabel at screen 0.5 * (LEFT + RIGHT), screen 16.0 / height center textcolor rgb GREY
set label 104 ylabel at screen 0.016, screen 0.5 * (TOP + BOTTOM) center rotate by 90 textcolor rgb GREY
set xrange [first - 0.8:last + 0.8]
set yrange [low - room:high + 2.5 * room]
step = (last - first > 40 ? 10 : last - first > 16 ? 5 : last - first > 8 ? 2 : 1)
set xtics step
set datafile missing '?' # NaN breaks a line
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set arrow 2 from -0.5, graph 0 to -0.5, graph 1 nohead lw 0.9 dashtype (4, 3) lc rgb AXIS back
set multiplot
do for [i = 0:sides - 1] {
    column = i % 3
    line = i / 3
    set lmargin at screen LEFT + column * (wide + GAP)
    set rmargin at screen LEFT + column * (wide + GAP) + wide
    set tmargin at screen TOP - line * (tall + ROW_GAP)
    set bmargin at screen TOP - line * (tall + ROW_GAP) - tall
    if (column == 0) { set format y '%h' } else { set format y '' }
    if (i + 3 >= sides) { set format x '%h' } else { set format x '' }
    set label 1 value(sprintf('name%d', i + 1)) at graph 0.03, graph 0.92 left font FIGURE_FONT textcolor rgb INK front
    if (i == behind) {
        plot dat index i using 1:2 with lines lw 1.6 lc rgb AXIS, \
             dat index i using 1:($5 > 0 ? NaN : $2):3:4 with yerrorbars lw 1.5 pt 7 ps 0.5 lc rgb BLUE, \
             dat index i using 1:($5 > 0 ? $2 : NaN):3:4 with yerrorbars lw 1.5 pt 6 ps 0.5 lc rgb AXIS
    } else {
        plot dat index behind using 1:2 with lines lw 1.6 lc rgb AXIS, \
             dat index i using 1:($5 > 0 ? NaN : $2):3:4 with yerrorbars lw 1.5 pt 7 ps 0.5 lc rgb BLUE, \
             dat index i using 1:($5 > 0 ? $2 : NaN):3:4 with yerrorbars lw 1.5 pt 6 ps 0.5 lc rgb AXIS
    }
    if (i == 0) {
        unset label 101
        unset label 102
        unset label 103
        unset label 104
    }
}
unset multiplot
