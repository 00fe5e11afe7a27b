# theme.gp -- the look of every chart; loaded before each template.
# The program sets `height` (pixels) and the texts; colours and fonts live here and in the templates.
if (!exists('height')) height = 400
set terminal svg size 820,height dynamic noenhanced \
    font 'Inter, Helvetica, Arial, sans-serif,12' linewidth 1 background rgb 'white'
set encoding utf8

# Dark enough to differ in grey print; every series also differs by mark or dash.
BLUE = '#2563eb'; TEAL = '#0d9488'; RED = '#dc2626'; GREEN = '#16a34a'; SLATE = '#64748b'
INK = '#111827'; GREY = '#4b5563'; PALE = '#e5e7eb'; AXIS = '#9aa3af'; SHADE = '#eff4fe'; FADED = '#b3bac5'
TITLE_FONT = ',15'
SMALL_FONT = ',12'
FIGURE_FONT = ',12'
NEWLINE = "\n"
ABOVE = 'center offset 0, 0.8 font FIGURE_FONT textcolor rgb INK front'
BESIDE = 'left offset 0.6, 0 font SMALL_FONT textcolor rgb INK front'

set minussign
set border 3 lw 0.75 lc rgb AXIS
set tics nomirror out scale 0.4 textcolor rgb GREY
set grid ytics lt 1 lw 0.5 lc rgb PALE
set style fill solid 1 noborder
set errorbars 0
set xlabel textcolor rgb GREY
set ylabel textcolor rgb GREY
set key off
set datafile missing 'NaN'
set lmargin at screen 0.105
set rmargin at screen 0.975
set tmargin at screen 1.0 - 78.0 / height
set bmargin at screen 62.0 / height
set label 101 title at screen 0.012, screen 1.0 - 20.0 / height font TITLE_FONT textcolor rgb INK
set label 102 subtitle at screen 0.012, screen 1.0 - 43.0 / height font SMALL_FONT textcolor rgb GREY
