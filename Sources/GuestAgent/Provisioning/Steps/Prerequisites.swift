import Contract
import Guest
import Runfiles

/// What the installers need to build: compiler, make, headers. The package manager is asked only for what is missing.
struct Prerequisites: Step {
    let id = StepID.prerequisites
    let title = "install compiler, make and kernel headers"
    /// The headers are one kernel's, and another may run after a reboot.
    let flavour = StepFlavour.volatile

    /// Holds the names that are being installed. A package manager that was killed leaves files that look whole.
    private var marker: InstallMarker { InstallMarker(id) }

    func check(_ context: StepContext) async throws -> CheckResult {
        if marker.isSet(context.root) { return .needed("an installation of packages was interrupted") }
        let missing = try await missing(context)
        return missing.isEmpty
            ? .satisfied(try await evidence(context))
            : .needed("missing: " + missing.map(\.what).joined(separator: ", "))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let distribution = try Distribution.require(context)
        let missing = try await missing(context)
        let names = missing.flatMap(\.packages)
        guard !names.isEmpty else { return [] }
        if let archive = context.plan.recipe.offlinePackages {
            return [.note("install \(names.joined(separator: " ")) from \(archive.fileName), without a network")]
        }
        let manager = distribution.packageManager(context.guest)
        var actions: [DryRun.Action] = []
        for source in missing.map(\.source) where !source.isEmpty {
            actions += try manager.preview(installing: source)
        }
        actions += try manager.preview(installing: names)
        if missing.contains(where: \.isHeaders) {
            let kernel = context.guest.kernelIdentity
            let newest = distribution.newestKernel(kernel, installed: []).joined(separator: " ")
            actions.append(
                context.plan.recipe.keepKernel
                    ? .note("where the sources no longer have the headers of \(kernel.release): fail (--keep-kernel)")
                    : .note("where the sources no longer have the headers of \(kernel.release): install \(newest)"))
            if !context.plan.recipe.keepKernel { actions.append(.reboot("if the kernel had to be replaced")) }
        }
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let distribution = try Distribution.require(context)
        let manager = distribution.packageManager(context.guest)
        // A package that is there while its files are not was damaged; asking for it would change nothing.
        let missing = try await missing(context)
        let named = missing.flatMap(\.packages)
        var begun = (marker.text(context.root) ?? "").words.filter { !named.contains($0) }
        try StateFolder(context.root).create()
        try marker.set(context.root, (named + begun).joined(separator: " "))
        var result = ApplyResult.applied
        do {
            try await PackageRecord.around(manager, distribution, context) {
                do {
                    result = try await install(missing, and: begun, distribution, manager, context)
                } catch let error as PackagesNotFound where error.names.allSatisfy({ begun.contains($0) }) {
                    // Headers of a kernel that was replaced meanwhile.
                    begun.removeAll { error.names.contains($0) }
                    result = try await install(missing, and: begun, distribution, manager, context)
                }
            }
        } catch let missing as PackagesNotFound {
            throw missing.failure
        }
        try marker.clear(context.root)
        return result
    }

    /// Installs what is missing `and` what an interrupted attempt was installing.
    private func install(
        _ missing: [Missing], and begun: [String], _ distribution: Distribution, _ manager: any PackageManager,
        _ context: StepContext
    ) async throws -> ApplyResult {
        var missing = missing
        if !begun.isEmpty { missing.append(Missing(what: "packages that were being installed", packages: begun)) }
        guard !missing.isEmpty else { return .applied }
        let progress: @Sendable (String) -> Void = { context.emit(.progress(id, message: $0)) }
        guard let archive = context.plan.recipe.offlinePackages else {
            let sources = missing.flatMap(\.source)
            if !sources.isEmpty { try await manager.install(sources, progress: progress) }
            return try await install(missing, distribution, manager, context, progress)
        }
        let unpacked = try await PackageArchive.unpack(archive, context, id)
        defer { unpacked.remove(context) }
        try await manager.install(missing.flatMap(\.packages), fromFolder: unpacked.folder, progress: progress)
        return .applied
    }

    /// Installs what is missing; where only the headers are not to be had, a newer kernel with its own.
    private func install(
        _ missing: [Missing], _ distribution: Distribution, _ manager: any PackageManager, _ context: StepContext,
        _ progress: @Sendable (String) -> Void
    ) async throws -> ApplyResult {
        let headers = missing.filter(\.isHeaders).flatMap(\.packages)
        let names = missing.flatMap(\.packages)
        let kernel = context.guest.kernelIdentity
        var seen: [String] = []
        if try await manager.offersHeaders(headers, of: kernel) {
            do {
                try await manager.install(names, progress: progress)
                return .applied
            } catch let error as PackagesNotFound {
                // Where nothing else is found either, the sources are at fault, not the kernel's age.
                guard !headers.isEmpty, error.names.allSatisfy({ headers.contains($0) }) else { throw error }
                seen = error.failure.evidence
            }
        }
        if seen.isEmpty { seen = ["the sources have another version of \(headers.joined(separator: ", "))"] }
        if let refusal = refusalToReplaceKernel(kernel, headers, seen, context) { throw refusal }

        progress(
            "the sources no longer have the headers of \(kernel.release): installing the newest kernel with its own")
        let newest = distribution.newestKernel(kernel, installed: try await manager.installed())
        try await manager.installNewest(
            newest + missing.filter { !$0.isHeaders }.flatMap(\.packages), progress: progress)
        let kernels = InstalledKernels(context.root)
        if kernels.headers(of: kernel.release) != nil { return .applied }
        let next = kernels.nextBoot ?? kernels.releases.last ?? ""
        guard next != kernel.release, kernels.headers(of: next) != nil else {
            throw Failure.guest(
                .headersMissing, title,
                "The newest kernel was installed with its headers, and the boot loader would start \(next).",
                evidence: kernels.releases.map {
                    "kernel \($0), \(kernels.headers(of: $0) == nil ? "without" : "with") headers"
                }, remedy: "Make the boot loader of the image start its newest kernel.")
        }
        return .rebootRequired(
            "the headers of kernel \(kernel.release) are gone from the sources; kernel \(next) came with its own")
    }

    /// Why the kernel is not replaced; nil where it may be.
    private func refusalToReplaceKernel(
        _ kernel: KernelIdentity, _ headers: [String], _ seen: [String], _ context: StepContext
    ) -> Failure? {
        let names = headers.joined(separator: ", ")
        if context.plan.recipe.keepKernel {
            return .guest(
                .kernelKept, title,
                "The guest's sources no longer have the headers of kernel \(kernel.release), which is to be kept.",
                evidence: seen,
                remedy:
                    "Leave --keep-kernel out, so that kernel and headers are updated together, or give \(names) with --offline."
            )
        }
        if context.reboots > 0 {
            return .guest(
                .headersMissing, title,
                "The newest kernel was installed with its headers, and the guest still runs \(kernel.release).",
                evidence: seen, remedy: "Make the boot loader of the image start its newest kernel.")
        }
        return nil
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let missing = try await missing(context)
        guard missing.isEmpty else {
            throw Failure.guest(
                .prerequisites, title,
                "Still missing after the packages were installed: \(missing.map(\.what).joined(separator: ", ")).",
                evidence: missing.map { "\($0.what): packages \($0.packages.joined(separator: " "))" },
                remedy: "Reinstall these packages in the image.")
        }
        return try await evidence(context)
    }

    /// One thing that the installers need and the guest lacks.
    struct Missing {
        var what: String
        var packages: [String]
        /// Packages that bring a source for them, to be installed first.
        var source: [String] = []
        var isHeaders = false
    }

    /// Judged by files, not by packages: a compiler of the user's own is as good.
    func missing(_ context: StepContext) async throws -> [Missing] {
        let distribution = try Distribution.require(context)
        let names = distribution.packages
        let root = context.root
        var missing: [Missing] = []
        func need(_ what: String, _ package: String, _ there: Bool) {
            if !there { missing.append(Missing(what: what, packages: [package])) }
        }
        func program(_ name: String) -> Bool { root.program(name) != nil }

        need("make", names.make, program("make"))
        need("C compiler", names.compiler, program("gcc") && program("cc"))
        need("headers of the C library", names.libcHeaders, root.exists("/usr/include/stdio.h"))
        if context.plan.recipe.driver != nil {
            let kernel = context.guest.kernelIdentity
            let kernels = InstalledKernels(root)
            need("modprobe", names.kmod, program("modprobe"))
            if kernels.headers(of: kernel.release) == nil {
                missing.append(
                    Missing(
                        what: "headers of kernel \(kernel.release)", packages: distribution.kernelHeaders(kernel),
                        isHeaders: true))
            }
            // Without them: "Cannot generate ORC metadata".
            if distribution.needsLibelfHeaders, kernels.isConfigured(kernel.release, "CONFIG_UNWINDER_ORC=y") {
                need(
                    "headers of libelf", names.libelf,
                    root.exists("/usr/include/libelf.h") || root.exists("/usr/include/libelf/libelf.h"))
            }
        }
        let versions = context.plan.recipe.toolkits.compactMap { ToolVersion($0.version) }
        // From 10.1 on cuda-installer is a program that is linked to libxml2; before, it is a Perl script.
        let scripted = versions.filter { ($0.major, $0.minor) < (10, 1) }
        if !scripted.isEmpty {
            need("Perl with its modules, for CUDA's installer", names.perl, Self.hasWholePerl(root))
        }
        if scripted.count < versions.count {
            if let libxml2 = names.libxml2 {
                need("libxml2.so.2, for CUDA's installer", libxml2, Self.hasLibxml2(root))
            } else if !Self.hasLibxml2(root) {
                context.emit(
                    .warning(
                        id,
                        message:
                            "\(distribution.name) has no package with libxml2.so.2, which CUDA's installer may need"))
            }
        }
        for cuda in context.plan.recipe.toolkits {
            guard let lacking = try await compiler(for: cuda, distribution, context) else { continue }
            missing.append(lacking)
        }
        return Self.withoutRepetition(missing)
    }

    /// A package is asked for once, whoever needs it.
    private static func withoutRepetition(_ missing: [Missing]) -> [Missing] {
        var seen: Set<String> = []
        return missing.compactMap { need in
            var need = need
            need.packages = need.packages.filter { seen.insert($0).inserted }
            return need.packages.isEmpty ? nil : need
        }
    }

    /// The compiler that a toolkit's nvcc wants and the guest lacks.
    private func compiler(
        for cuda: CUDARecipe, _ distribution: Distribution, _ context: StepContext
    ) async throws -> Missing? {
        guard let major = try await HostCompiler.wanted(for: cuda, context) else { return nil }
        let what = "g++ \(major) or older, for CUDA \(cuda.version)"
        // The distribution's own, which comes with the C compiler, is the first choice wherever it is old enough.
        if let own = distribution.defaultCompiler, own <= major {
            return Missing(what: what, packages: [distribution.packages.cxxCompiler])
        }
        guard
            let other = distribution.compilerPackages(major: major) ?? distribution.compilerPackages(upTo: major)
        else {
            throw Failure.guest(
                .cudaCompiler, title,
                "\(distribution.name) has no g++ \(major) or older, which CUDA \(cuda.version) wants.",
                remedy:
                    "Install such a compiler in the image, or take a newer CUDA, or accept the distribution's own (--allow-incompatible)."
            )
        }
        return Missing(what: what, packages: other.names, source: other.source)
    }

    private static func hasLibxml2(_ root: SystemRoot) -> Bool {
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu", "/lib64"].contains {
            root.exists("\($0)/libxml2.so.2")
        }
    }

    /// Debian's perl-base has the interpreter and few modules: Env is not among them.
    private static func hasWholePerl(_ root: SystemRoot) -> Bool {
        let folders = root.list("/usr/share/perl").map { "/usr/share/perl/\($0)" }
        // Debian, EL 7 and later, Arch; SUSE has a folder for each version.
        let others = root.list("/usr/lib/perl5").map { "/usr/lib/perl5/\($0)" }
        return
            (folders + others + [
                "/usr/share/perl5", "/usr/share/perl5/vendor_perl", "/usr/share/perl5/core_perl",
            ]).contains { root.exists("\($0)/Env.pm") }
    }

    private func evidence(_ context: StepContext) async throws -> [String] {
        var evidence = [try await context.run(Command(["gcc", "--version"])).output.lines.first ?? "gcc"]
        if let driver = context.plan.recipe.driver {
            evidence.append("/lib/modules/\(context.guest.kernel)/build has the kernel's headers")
            if driver.dkms, context.root.program("dkms") == nil,
                let distribution = Distribution.of(context.root)
            {
                evidence.append(
                    "no dkms: another kernel will need the driver's installer again (to have it: \(distribution.dkmsSource.advice(distribution.manager)))"
                )
            }
        }
        if let cuda = context.plan.recipe.cuda, let compiler = try await HostCompiler.choose(for: cuda, context) {
            evidence.append("\(compiler.cxx) for CUDA \(cuda.version)")
        }
        return evidence
    }
}
