# bacon.gp -- what two-way fixed effects compare: a point a pair of cohorts, its weight to the right, its estimate up.
# dat: weight estimate kind (0 earlier vs later, 1 vs always treated, 2 later vs earlier, 3 vs untreated).
# Variables: twfe ylabel xlabel dot (size of a point) logarithmic (the weights); kind0 .. kind3
set ylabel ylabel
set xlabel xlabel
if (logarithmic) {
    set logscale x
} else {
    set xrange [0:*]
    set offsets 0, graph 0.04, graph 0.06, graph 0.06
}
set key outside right center vertical samplen 1 textcolor rgb GREY
set rmargin at screen 0.77
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lw 0.9 lc rgb GREY back
set arrow 2 from graph 0, first twfe to graph 1, first twfe nohead lw 1 dashtype (6, 4) lc rgb INK back
set label 103 'two-way fixed effects' at graph 1, first twfe right offset -0.4, 0.6 font SMALL_FONT textcolor rgb INK
plot dat using ($3 == 3 ? $1 : NaN):2 with points pt 7 ps dot lc rgb BLUE title kind3, \
     dat using ($3 == 0 ? $1 : NaN):2 with points pt 9 ps dot lc rgb TEAL title kind0, \
     dat using ($3 == 2 ? $1 : NaN):2 with points pt 6 ps dot * 1.1 lw 1.8 lc rgb RED title kind2, \
     dat using ($3 == 1 ? $1 : NaN):2 with points pt 4 ps dot * 1.1 lw 1.8 lc rgb RED title kind1
