/// How many insertions, deletions, replacements and swaps of neighbours turn one word into the other
/// (Damerau-Levenshtein, the restricted form: no letter is touched twice).
func editDistance(_ one: String, _ other: String) -> Int {
    let a = Array(one), b = Array(other)
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
