# awk -f datasets/regions/make.awk -v dir=DIR -- write sales.csv and waves.csv into DIR, and print the truth.
#
# 120 sales regions, January 2024 to December 2025.  A local video campaign is switched on in four waves; where it is on
# it adds 2,000 USD a month in its first month, 4,000 in the second, up to 16,000 from the eighth on.  Months move all
# regions alike; regions differ in size, and the larger ones were preferred.  No function of a library is used beside
# int(): every awk writes the same bytes.
function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }      # Park & Miller (1988)
function normal(    i, sum) { for (i = 0; i < 12; i++) sum += uniform(); return sum - 6 }
BEGIN {
    seed = 20260629
    split("4 8 12 17", from, " ")                        # first month of each wave, 1 = January 2024
    split("3 28 26 24", regions, " ")
    split("-6 -9 1 3 2 -1 -4 -5 2 4 9 15", season, " ")  # thousands
    for (m = 1; m <= 24; m++) shock[m] = 1000 * season[(m - 1) % 12 + 1] + 350 * m + int(1500 * normal())
    for (w = 1; w <= 4; w++) for (k = 0; k < regions[w]; k++) start[++n] = from[w]
    while (n < 120) start[++n] = 0
    print "region,month,sales,campaign_usd,start" >(dir "/sales.csv")
    print "region,start" >(dir "/waves.csv")
    for (u = 1; u <= 120; u++) {
        place = (u * 37) % 120 + 1                        # names say nothing about waves
        size = 78000 + (start[u] > 0 ? 14000 : 0) + int(16000 * normal())
        first = start[u] > 0 ? month(start[u]) : ""
        if (start[u] > 0) printf "R%03d,%s\n", place, first >(dir "/waves.csv")
        for (m = 1; m <= 24; m++) {
            on = start[u] > 0 && m >= start[u]
            since = m - start[u] + 1
            gain = on ? 2000 * (since < 8 ? since : 8) : 0
            sales = size + shock[m] + gain + int(4200 * normal())
            spent = on ? 2600 + int(500 * uniform()) : 0
            printf "R%03d,%s,%.0f,%.0f,%s\n", place, month(m), sales, spent, first >(dir "/sales.csv")
            total += gain; cells += on; cost += spent
        }
    }
    printf "region-months with the campaign %d\neffect a region and month %.1f USD\nin all %.0f USD\ncost %.0f USD\n",
           cells, total / cells, total, cost
}
function month(m) { return sprintf("%d-%02d-01", 2024 + int((m - 1) / 12), (m - 1) % 12 + 1) }
