/// What the keys do and what the words mean.
enum WatchHelp {
    static let lines: [(key: String, meaning: String)] = [
        ("up down j k", "select; page up, page down, g and G for far"),
        ("enter", "a GPU's details; opens and folds a machine; a program's GPU"),
        ("left right", "fold and open a machine; c all of them"),
        ("tab 1 2 3", "GPUs, processes, Xid events"),
        ("/", "filter: machine, GPU, program or state; esc clears it"),
        ("s", "sort by name, utilisation, memory, temperature, power"),
        ("space", "freeze what is shown, and go on"),
        ("ctrl-l", "draw everything anew"),
        ("q ctrl-c", "quit; ctrl-z suspends"),
        ("", ""),
        ("stale", "the sampler works, and no sample came for some time"),
        ("silent", "nothing was heard from the guest for 15 s"),
        ("hung", "nvidia-smi says nothing; it is killed and started again"),
        ("failing", "nvidia-smi ends, or prints no sample"),
        ("no-driver", "the nvidia module is not loaded"),
        ("no-gpu", "the guest has no GPU, or its driver sees none"),
        ("stopped", "the machine does not run: its series end"),
    ]

    static func draw(_ canvas: inout Canvas) {
        for (number, line) in lines.enumerated() where number + 2 < canvas.size.rows - 1 {
            canvas.put(line.key, at: 3, number + 2, CellStyle(.accent, bold: true), end: 17)
            canvas.put(line.meaning, at: 18, number + 2)
        }
    }
}
