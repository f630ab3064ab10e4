/// The difference of two texts as `diff -u` shows it.
public enum UnifiedDiff {
    private enum Edit: Equatable {
        case keep, remove, insert
    }

    /// Lines of the difference, headers included; empty where there is none.
    ///
    /// - Parameter context: Lines that are shown around a change.
    public static func lines(path: String, old: String?, new: String, context: Int = 3) -> [String] {
        let before = split(old ?? "")
        let after = split(new)
        let edits = script(before.lines, after.lines)
        guard edits.contains(where: { $0.edit != .keep }) || before.ends != after.ends else { return [] }
        var result = ["--- \(old == nil ? "/dev/null" : path)", "+++ \(path)"]
        var start = 0
        while let first = edits[start...].firstIndex(where: { $0.edit != .keep }) {
            let from = max(start, first - context)
            // Changes with few lines between them share a hunk.
            var last = first
            while let next = edits[(last + 1)...].firstIndex(where: { $0.edit != .keep }),
                next - last <= 2 * context + 1
            {
                last = next
            }
            let to = min(edits.count, last + context + 1)
            let hunk = edits[from..<to]
            let removed = hunk.count { $0.edit != .insert }
            let added = hunk.count { $0.edit != .remove }
            let oldStart = edits[..<from].count { $0.edit != .insert } + (removed == 0 ? 0 : 1)
            let newStart = edits[..<from].count { $0.edit != .remove } + (added == 0 ? 0 : 1)
            result.append("@@ -\(oldStart),\(removed) +\(newStart),\(added) @@")
            for item in hunk {
                switch item.edit {
                case .keep: result.append(" " + item.line)
                case .remove: result.append("-" + item.line)
                case .insert: result.append("+" + item.line)
                }
            }
            start = to
        }
        if !after.ends { result.append("\\ No newline at end of file") }
        return result
    }

    private static func split(_ text: String) -> (lines: [String], ends: Bool) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        let ends = lines.last == ""
        if ends { lines.removeLast() }
        return (lines, ends)
    }

    /// By the longest common subsequence. Files of settings are short.
    private static func script(_ old: [String], _ new: [String]) -> [(edit: Edit, line: String)] {
        var lengths = [[Int]](repeating: [Int](repeating: 0, count: new.count + 1), count: old.count + 1)
        for i in old.indices.reversed() {
            for j in new.indices.reversed() {
                lengths[i][j] =
                    old[i] == new[j] ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
            }
        }
        var edits: [(edit: Edit, line: String)] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if i < old.count, j < new.count, old[i] == new[j] {
                edits.append((.keep, old[i]))
                i += 1
                j += 1
            } else if j == new.count || i < old.count && lengths[i + 1][j] >= lengths[i][j + 1] {
                edits.append((.remove, old[i]))
                i += 1
            } else {
                edits.append((.insert, new[j]))
                j += 1
            }
        }
        return edits
    }
}
