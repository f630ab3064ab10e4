/// The word of `words` that somebody who wrote `text` may have meant: at most two slips away, and nearer than half of it.
func nearest(to text: String, among words: [String]) -> String? {
    let distances = words.map { (word: $0, slips: slips(from: text, to: $0)) }
    guard let best = distances.min(by: { $0.slips < $1.slips }), best.slips <= 2, best.slips * 2 < max(text.count, 2)
    else {
        return nil
    }
    return best.word
}

/// Levenshtein's distance.
private func slips(from one: String, to other: String) -> Int {
    let (one, other) = (Array(one.prefix(60)), Array(other))
    var row = Array(0...other.count)
    for (i, left) in one.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, right) in other.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
            diagonal = above
        }
    }
    return row[other.count]
}
