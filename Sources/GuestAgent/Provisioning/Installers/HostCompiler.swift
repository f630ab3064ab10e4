import Contract
import Guest
import Runfiles

/// The C and C++ compiler that nvcc works with. Each CUDA release refuses compilers newer than it knows, and cannot
/// work with those that lack the language it is written in.
struct HostCompiler: Equatable, Sendable {
    /// Names or paths: "gcc-11", "g++-11"; plain where the default fits.
    var c: String
    var cxx: String
    /// Whether it is what `gcc` means without more words.
    var isDefault: Bool
    /// Whether the CUDA release accepts it.
    var fits: Bool

    /// The newest installed compiler that fits; else the default one, which does not; nil where there is none at all.
    static func choose(for cuda: CUDARecipe, _ context: StepContext) async throws -> HostCompiler? {
        let newest = ToolVersion(cuda.version).flatMap(Compatibility.newestGCC(forCUDA:))
        let oldest = oldest(cuda)
        let standard = try await defaultVersion(context)
        if let standard, standard >= oldest, standard <= newest ?? .max, context.root.program("g++") != nil {
            return HostCompiler(c: "gcc", cxx: "g++", isDefault: true, fits: true)
        }
        for major in stride(from: newest ?? 0, through: oldest, by: -1) {
            if let (c, cxx) = pair(major, context.root) {
                return HostCompiler(c: c, cxx: cxx, isDefault: false, fits: true)
            }
        }
        // None fits: the oldest newer one is the least wrong, for whoever accepted that.
        for major in (newest ?? 0) + 1...max((newest ?? 0) + 1, standard ?? 0) {
            if let (c, cxx) = pair(major, context.root) {
                return HostCompiler(c: c, cxx: cxx, isDefault: false, fits: false)
            }
        }
        guard standard != nil, context.root.program("g++") != nil else { return nil }
        return HostCompiler(c: "gcc", cxx: "g++", isDefault: true, fits: false)
    }

    /// The major version to install, nil where a fitting compiler is there, or where an unfitting one was accepted.
    static func wanted(for cuda: CUDARecipe, _ context: StepContext) async throws -> Int? {
        let chosen = try await choose(for: cuda, context)
        if let chosen, chosen.fits || context.plan.recipe.allowIncompatible { return nil }
        guard let newest = ToolVersion(cuda.version).flatMap(Compatibility.newestGCC(forCUDA:)) else { return nil }
        // g++ of the default version is missing, nothing else: ask for that one, which its sources surely have.
        // So does one who accepted a compiler that does not fit.
        if let standard = try await defaultVersion(context),
            standard >= oldest(cuda) && standard <= newest || context.plan.recipe.allowIncompatible
        {
            return standard
        }
        return newest
    }

    /// A folder to put first in PATH where the chosen compiler is not the default: CUDA's installer runs `gcc`.
    func searchPath(_ context: StepContext) throws -> [String: String] {
        guard !isDefault else { return [:] }
        let folder = StateFolder.path + "/compiler"
        try context.root.createDirectory(folder)
        for (name, target) in [("gcc", c), ("cc", c), ("g++", cxx), ("c++", cxx)] {
            try context.root.link("\(folder)/\(name)", to: target)
        }
        return ["PATH": ([folder] + Command.searchPath).joined(separator: ":")]
    }

    private static func oldest(_ cuda: CUDARecipe) -> Int {
        ToolVersion(cuda.version).flatMap(Compatibility.oldestGCC(forCUDA:)) ?? 0
    }

    private static func defaultVersion(_ context: StepContext) async throws -> Int? {
        guard context.root.program("gcc") != nil else { return nil }
        let result = try await context.run(Command(["gcc", "-dumpversion"]))  // "12", "4.8.5"
        return result.succeeded ? Int(result.output.trimmed.prefix(while: \.isNumber)) : nil
    }

    /// Compilers of one major version beside the default: gcc-11 of Debian, Ubuntu, SUSE and Arch, the toolsets of Red
    /// Hat's kin, which keep the plain names in a tree of their own.
    private static func pair(_ major: Int, _ root: SystemRoot) -> (c: String, cxx: String)? {
        if let c = root.program("gcc-\(major)"), let cxx = root.program("g++-\(major)") { return (c, cxx) }
        for toolset in ["gcc-toolset-\(major)", "devtoolset-\(major)"] {
            let folder = "/opt/rh/\(toolset)/root/usr/bin"
            if root.exists("\(folder)/gcc"), root.exists("\(folder)/g++") {
                return ("\(folder)/gcc", "\(folder)/g++")
            }
        }
        return nil
    }
}
