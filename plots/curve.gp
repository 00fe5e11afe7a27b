# curve.gp -- what a period's spend brings, by its level: only where it has been seen.
# dat: spend gain low high.  Variables: ylabel xlabel lowest highest today today_gain today_text seen_text
set ylabel ylabel
set xlabel xlabel
wide = 0.06 * (highest - lowest)
set xrange [(lowest > 0 ? lowest - wide : 0):highest + wide]   # there is no spend below zero
set offsets 0, 0, graph 0.06, graph 0.04
if (lowest > 0) set object 1 rectangle from graph 0, graph 0 to first lowest, graph 1 behind fillcolor rgb PALE fillstyle solid 0.6 noborder
set object 2 rectangle from first highest, graph 0 to graph 1, graph 1 behind fillcolor rgb PALE fillstyle solid 0.6 noborder
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set label 103 seen_text at graph 0.935, graph 0.03 right font SMALL_FONT textcolor rgb GREY
if (today == today) {                  # not NaN
    set arrow 2 from today, graph 0 to today, graph 1 nohead lw 1 dashtype (6, 4) lc rgb GREY back
    set label 104 today_text at today, graph 0.96 offset 0.6, 0 font SMALL_FONT textcolor rgb INK
}
plot dat using 1:3:4 with filledcurves fc rgb BLUE fs transparent solid 0.14, \
     dat using 1:2 with lines lw 2.4 lc rgb BLUE
