# trends.gp -- what was seen: means of the treated and of the controls, period by period.
# dat: x treated control.  Variables: shade_from shade_to (NaN: none) shade_text treated_text control_text ylabel last
set ylabel ylabel
set xrange [-0.5:last + 0.5]
if (shade_from == shade_from) {        # not NaN
    set object 1 rectangle from shade_from, graph 0 to shade_to, graph 1 behind \
        fillcolor rgb SHADE fillstyle solid 1 noborder
    set label 103 shade_text at shade_from, graph 0.96 offset 0.8, 0 font SMALL_FONT textcolor rgb BLUE
}
set key at screen 0.975, screen 1.0 - 60.0 / height right center horizontal samplen 2.5 textcolor rgb GREY
plot dat using 1:3 with linespoints lw 2 dashtype (6, 4) pt 6 ps 0.6 lc rgb SLATE title control_text, \
     dat using 1:2 with linespoints lw 2.4 pt 7 ps 0.6 lc rgb BLUE title treated_text
