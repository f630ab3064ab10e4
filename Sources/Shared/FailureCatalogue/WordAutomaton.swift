/// Finds many words in one pass over a text (Aho and Corasick, 1975): its time does not depend on how many they are.
struct WordAutomaton: Sendable {
    typealias State = Int32

    /// The alphabet's classes: bytes that occur in no word share class 0.
    private var classOf = [UInt8](repeating: 0, count: 256)
    private let classes: Int
    /// State and class → next state.
    private var next: [State]
    /// The word that ends in a state, -1 for none.
    private var wordAt: [Int32]
    /// The longest proper suffix of a state in which a word ends, 0 for none.
    private var shorter: [State]

    /// An automaton of `words`, none of which is empty or there twice.
    init(_ words: [[UInt8]]) {
        var count: UInt8 = 1
        for byte in words.joined() where classOf[Int(byte)] == 0 {
            classOf[Int(byte)] = count
            count += 1
        }
        let classes = Int(count)
        self.classes = classes
        let none: State = -1
        next = Array(repeating: none, count: classes)
        wordAt = [-1]
        for (index, word) in words.enumerated() {
            var state = 0
            for byte in word {
                let slot = state * classes + Int(classOf[Int(byte)])
                if next[slot] == none {
                    next[slot] = State(wordAt.count)
                    wordAt.append(-1)
                    next += Array(repeating: none, count: classes)
                }
                state = Int(next[slot])
            }
            wordAt[state] = Int32(index)
        }
        // Breadth first: a state's suffix is shorter, so it is finished before.
        shorter = Array(repeating: 0, count: wordAt.count)
        var suffix = [State](repeating: 0, count: wordAt.count)
        var queue: [State] = []
        for slot in 0..<classes {
            if next[slot] == none { next[slot] = 0 } else { queue.append(next[slot]) }
        }
        var head = 0
        while head < queue.count {
            let state = Int(queue[head])
            head += 1
            let fallback = Int(suffix[state])
            shorter[state] = wordAt[fallback] >= 0 ? State(fallback) : shorter[fallback]
            for slot in 0..<classes {
                let child = next[state * classes + slot]
                let other = next[fallback * classes + slot]
                if child == none {
                    next[state * classes + slot] = other
                } else {
                    suffix[Int(child)] = other
                    queue.append(child)
                }
            }
        }
    }

    /// The state after one more byte.
    @inline(__always)
    func step(_ state: State, _ byte: UInt8) -> State {
        next[Int(state) * classes + Int(classOf[Int(byte)])]
    }

    /// Whether a word ends in `state`.
    @inline(__always)
    func ends(_ state: State) -> Bool {
        wordAt[Int(state)] >= 0 || shorter[Int(state)] != 0
    }

    /// The words that end in `state`.
    func words(_ state: State) -> [Int] {
        var found: [Int] = []
        var state = Int(state)
        while true {
            if wordAt[state] >= 0 { found.append(Int(wordAt[state])) }
            state = Int(shorter[state])
            if state == 0 { return found }
        }
    }
}
