import Contract
import Guest

/// The compiler that built a kernel. Modules are built with the same one: another may not know the options that the
/// kernel's makefiles pass, or lay structures out in another way.
struct KernelCompiler: Equatable, Sendable {
    enum Family: String, Sendable {
        case gcc, clang
    }

    var family: Family
    /// 12; 4 for all of gcc 4.
    var major: Int
    /// Linked by LLVM's linker.
    var lld = false

    // MARK: - Reading

    /// Reads /proc/version: `Linux version RELEASE (WHO) (COMPILER, LINKER) #1 SMP …`; before 5.8 there is no linker, and the
    /// compiler introduces itself as `gcc version 4.8.5 …`. Nil for what is not understood.
    static func parse(procVersion text: String) -> KernelCompiler? {
        guard let begin = text.range(of: ") ("), let end = text.range(of: ") #"), begin.upperBound < end.lowerBound
        else { return nil }
        return parse(description: text[begin.upperBound..<end.lowerBound])
    }

    /// Reads a kernel's `.config` or its `include/generated/autoconf.h`: CONFIG_GCC_VERSION (80500; 0 where it is another),
    /// CONFIG_CLANG_VERSION, CONFIG_CC_VERSION_TEXT. Kernels before 4.18 have none of them.
    static func parse(configuration text: String) -> KernelCompiler? {
        var values: [String: String] = [:]
        for line in text.lines where line.contains("CONFIG_") {
            var words = line.trimmed[...]
            if words.hasPrefix("#define ") { words = words.dropFirst(8) }
            guard words.hasPrefix("CONFIG_"), let end = words.firstIndex(where: { $0 == "=" || $0 == " " }) else {
                continue
            }
            values[String(words[..<end])] = words[words.index(after: end)...].trimmed
        }
        func version(_ key: String) -> Int? {
            values[key].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 / 10000 : nil }
        }
        func isOn(_ key: String) -> Bool { ["y", "1"].contains(values[key]) }
        let lld = isOn("CONFIG_LD_IS_LLD")
        if let major = version("CONFIG_CLANG_VERSION") { return KernelCompiler(family: .clang, major: major, lld: lld) }
        if let major = version("CONFIG_GCC_VERSION") { return KernelCompiler(family: .gcc, major: major, lld: lld) }
        return values["CONFIG_CC_VERSION_TEXT"].flatMap { parse(description: $0[...]) }
    }

    /// Reads the compiler's own words, up to the comma before the linker's.
    private static func parse(description: Substring) -> KernelCompiler? {
        var depth = 0
        var plain = ""  // what is not in brackets: versions of packages are
        var linker = ""
        for character in description {
            switch character {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0 && linker.isEmpty: linker = ","
            default:
                if !linker.isEmpty {
                    linker.append(character)
                } else if depth <= 0 {
                    plain.append(character)
                }
            }
        }
        let words = plain.words
        let isClang = words.contains("clang")
        guard isClang || words.first.map({ $0.contains("gcc") }) == true else { return nil }
        // "gcc-12 12.2.0", "gcc version 4.8.5 20150623", "gcc 13.2.1 20231205", "Debian clang version 16.0.6"
        guard let version = words.first(where: { $0.first?.isNumber == true && $0.contains(".") }),
            let major = Int(version.prefix(while: \.isNumber))
        else { return nil }
        return KernelCompiler(family: isClang ? .clang : .gcc, major: major, lld: linker.contains("LLD"))
    }

    /// That of the running kernel: by its own word, or by its headers' configuration.
    static func of(_ guest: Guest) -> KernelCompiler? {
        if let compiler = guest.root.textIfReadable("/proc/version").flatMap(parse(procVersion:)) { return compiler }
        let build = "/lib/modules/\(guest.kernel)/build"
        return ["\(build)/.config", "\(build)/include/generated/autoconf.h", "/boot/config-\(guest.kernel)"].lazy
            .compactMap { guest.root.textIfReadable($0).flatMap(parse(configuration:)) }.first
    }

    // MARK: - Finding

    /// How the installer is made to use a compiler.
    struct Use: Equatable, Sendable {
        /// Added to the installer's environment. nvidia-installer, its conftest.sh, the modules' makefile and DKMS all take
        /// `CC` from there.
        var environment: [String: String] = [:]
        /// For the journal; empty where the default compiler is the right one.
        var note = ""
        /// Whether the note is a warning.
        var isWarning = false
    }

    /// Names under which a version may be installed. EL's toolsets are not in PATH.
    var programs: [String] {
        switch family {
        case .clang: ["clang-\(major)", "clang"]
        case .gcc:
            [
                "gcc-\(major)", "x86_64-linux-gnu-gcc-\(major)", "/opt/rh/gcc-toolset-\(major)/root/usr/bin/gcc",
                "/opt/rh/devtoolset-\(major)/root/usr/bin/gcc",
            ]
        }
    }

    /// The compiler for the running kernel's modules, among those that are there. `defaultMajor` is gcc's, as `cc` means it.
    func use(defaultMajor: Int?, isInstalled: (String) -> Bool) -> Use {
        if family == .gcc && defaultMajor == major { return Use() }
        guard let program = programs.first(where: isInstalled) else {
            return Use(
                environment: ["IGNORE_CC_MISMATCH": "1"],
                note: "the kernel was built by \(family) \(major), which is not installed; its modules are built by "
                    + (defaultMajor.map { "gcc \($0)" } ?? "the default compiler"), isWarning: true)
        }
        var environment = ["CC": program]
        if family == .clang {
            environment["LLVM"] = "1"
            // The modules' makefile hands LD on, "ld" unless told, and with that overrides what LLVM=1 means.
            if lld { environment["LD"] = isInstalled("ld.lld-\(major)") ? "ld.lld-\(major)" : "ld.lld" }
        }
        return Use(environment: environment, note: "\(program), as the kernel was built by \(family) \(major)")
    }

    /// Chooses the compiler for the running kernel's modules. Where the default one is older than the kernel's, which may
    /// not know the kernel's options, the right one is installed if the guest's sources have it.
    static func choose(_ context: StepContext, _ step: StepID, installing: Bool) async throws -> Use {
        guard let compiler = of(context.guest) else { return Use() }
        let result = try await context.run(Command(["cc", "-dumpversion"]))  // "12", "4.8.5"
        let standard = result.succeeded ? Int(result.output.trimmed.prefix(while: \.isNumber)) : nil
        func isInstalled(_ program: String) -> Bool {
            program.hasPrefix("/")
                ? context.root.exists(program)
                : context.root.program(program) != nil
        }
        let use = compiler.use(defaultMajor: standard, isInstalled: isInstalled)
        guard installing, use.isWarning, compiler.family == .gcc, let standard, standard < compiler.major,
            let distribution = Distribution.of(context.root),
            let packages = distribution.compilerPackages(major: compiler.major)
        else { return use }
        let manager = distribution.packageManager(context.guest)
        let names = packages.source + packages.names
        let progress: @Sendable (String) -> Void = { context.emit(.progress(step, message: $0)) }
        do {
            try await PackageRecord.around(manager, distribution, context) {
                if !packages.source.isEmpty { try await manager.install(packages.source, progress: progress) }
                try await manager.install(packages.names, progress: progress)
            }
        } catch let missing as PackagesNotFound {
            context.emit(
                .warning(
                    step, message: "\(names.joined(separator: ", ")) could not be installed: \(missing.failure.message)"
                ))
        } catch let failure as Failure {
            context.emit(
                .warning(step, message: "\(names.joined(separator: ", ")) could not be installed: \(failure.message)"))
        }
        return compiler.use(defaultMajor: standard, isInstalled: isInstalled)
    }
}

extension StringProtocol {
    /// Where `other` stands first.
    fileprivate func range(of other: String) -> Range<Index>? { ranges(of: other).first }
}
