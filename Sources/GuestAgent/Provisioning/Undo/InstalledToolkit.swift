import Contract
import Guest
import Runfiles

/// A toolkit that this agent installed, as its stamp beside the journal tells.
struct InstalledToolkit: Equatable {
    /// "11.4.4"
    var version: String
    /// "/usr/local/cuda-11.4"
    var path: String
    /// Name of the stamp without its ending: "…/toolkit-usr-local-cuda-11.4".
    var record: String
    /// Whether it is taken out already.
    var undone: Bool

    private static let stamped = ".installed"
    private static let taken = ".undone"

    /// The stamp says what is installed; taken out, it is renamed, so that the proof knows what to look for.
    var stamp: String { record + (undone ? Self.taken : Self.stamped) }
    /// What we wrote into it beside its installer: one path a line, a folder with "/" at its end.
    var manifest: String { record + ".files" }

    /// What was in its folder before us, in the same layout.
    private var before: String { record + ".before" }

    /// All toolkits of ours, in the order of their stamps.
    static func all(_ root: SystemRoot) -> [InstalledToolkit] {
        root.list(StateFolder.path).filter { $0.hasPrefix("toolkit") }.compactMap { name in
            guard let ending = [stamped, taken].first(where: name.hasSuffix) else { return nil }
            // "CUDA 11.4.4 sha256 … /usr/local/cuda-11.4" (ToolkitStamp)
            let words = (root.attribute("\(StateFolder.path)/\(name)") ?? "").words
            guard words.count >= 5, words[0] == "CUDA", words[4].hasPrefix("/") else { return nil }
            return InstalledToolkit(
                version: words[1], path: words[4], record: "\(StateFolder.path)/\(name.dropLast(ending.count))",
                undone: ending == taken)
        }
    }

    /// NVIDIA's own uninstaller, nil where it is gone, and where the folder held something before us: it would take that
    /// out as well.
    ///
    /// The Perl script asks nothing and knows no option for that; the program has an interface unless it is told not to.
    func uninstaller(_ root: SystemRoot) -> Command? {
        guard let number = ToolVersion(version), root.attribute(before) ?? "" == "" else { return nil }
        let program = CUDAInstaller.uninstallerPath(number, toolkitPath: path)
        guard root.exists(program) else { return nil }
        return Command(
            [program] + (program.hasSuffix(".pl") ? [] : ["--silent"]), deadline: .seconds(1800), mergesErrors: true)
    }

    /// The paths of our manifest, files first, then folders, the deepest first. Only what is below the toolkit's folder.
    func written(_ root: SystemRoot) -> [String] {
        let lines = (root.textIfReadable(manifest) ?? "").lines.filter { line in
            line.hasPrefix(path + "/") && !line.split(separator: "/").contains("..")
        }
        return lines.filter { !$0.hasSuffix("/") }
            + lines.filter { $0.hasSuffix("/") }.map { String($0.dropLast()) }
            .sorted { $0.utf8.count > $1.utf8.count }
    }
}
