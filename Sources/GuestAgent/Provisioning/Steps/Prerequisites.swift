import Contract
import Guest
import Runfiles

/// What the installers need to build: compiler, make, headers. The package manager is asked only for what is missing.
struct Prerequisites: Step {
    let id = StepID.prerequisites
    let title = "install compiler, make and kernel headers"
    /// The headers are one kernel's, and another may run after a reboot.
    let flavour = StepFlavour.volatile

    private var marker: InstallMarker { InstallMarker(id) }

    func check(_ context: StepContext) async throws -> CheckResult {
        // Files may be there of packages that are not installed whole.
        if marker.isSet(context.root) { return .needed("an installation of packages was interrupted") }
        let missing = try await missing(context)
        return missing.isEmpty
            ? .satisfied(try await evidence(context))
            : .needed("missing: " + missing.map(\.what).joined(separator: ", "))
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let packages = AptPackages(context.guest)
        // A package that is there while its files are not was damaged; asking for it would change nothing.
        let begun = (marker.text(context.root) ?? "").words
        let wanted = begun + (try await missing(context).flatMap(\.packages)).filter { !begun.contains($0) }
        try marker.set(context.root, wanted.joined(separator: " "))
        try context.changes.installed(packages: wanted)
        do {
            try await packages.install(wanted) { context.emit(.progress(id, message: $0)) }
        } catch var failure as Failure {
            let headers = "linux-headers-\(context.guest.kernel)"
            if failure.code == .prerequisites,
                // Where nothing else is found either, the sources are at fault, not the kernel's age.
                failure.evidence.contains(where: { $0.contains("Unable to locate package \(headers)") }),
                !failure.evidence.contains(where: {
                    $0.contains("Unable to locate package") && !$0.contains(headers)
                        || $0.contains("has no installation candidate") && !$0.contains(headers)
                })
            {
                failure.code = .headersMissing
                failure.message = "The guest's sources no longer have the headers of the running kernel."
                failure.remedy =
                    "Update the image's kernel and install its headers, or add a source that keeps \(headers)."
            }
            throw failure
        }
        try marker.clear(context.root)
        return .applied
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

    private struct Missing {
        var what: String
        var packages: [String]
    }

    /// Judged by files, not by packages: a compiler of the user's own is as good.
    private func missing(_ context: StepContext) async throws -> [Missing] {
        let names = (Distribution.of(OSRelease(of: context.root)) ?? .debian).packages
        let root = context.root
        var missing: [Missing] = []
        func need(_ what: String, _ package: String, _ there: Bool) {
            if !there { missing.append(Missing(what: what, packages: [package])) }
        }
        func program(_ name: String) -> Bool { Command.searchPath.contains { root.exists("\($0)/\(name)") } }

        need("make", names.make, program("make"))
        need("C compiler", names.compiler, program("gcc") && program("cc"))
        need("headers of the C library", names.libcHeaders, root.exists("/usr/include/stdio.h"))
        if context.plan.recipe.driver != nil {
            let kernel = context.guest.kernel
            let build = "/lib/modules/\(kernel)/build"
            need("modprobe", names.kmod, program("modprobe"))
            need(
                "headers of kernel \(kernel)", names.kernelHeaders.replacing("KERNEL", with: kernel),
                ["include/generated/autoconf.h", "Makefile"].allSatisfy { root.exists("\(build)/\($0)") })
        }
        if let version = (context.plan.recipe.cuda?.version).flatMap({ ToolVersion($0) }) {
            // From 10.1 on cuda-installer is a program that is linked to libxml2; before, it is a Perl script.
            if (version.major, version.minor) >= (10, 1) {
                need("libxml2.so.2, for CUDA's installer", names.libxml2, Self.hasLibxml2(root))
            } else {
                need("Perl with its modules, for CUDA's installer", names.perl, Self.hasWholePerl(root))
            }
        }
        if let cuda = context.plan.recipe.cuda, let compiler = try await HostCompiler.wanted(for: cuda, context) {
            let packages = names.versionedCompilers.map { $0.replacing("VERSION", with: "\(compiler)") }
            if !packages.isEmpty {
                missing.append(
                    Missing(what: "g++ \(compiler) or older, for CUDA \(cuda.version)", packages: packages))
            }
        }
        return missing
    }

    private static func hasLibxml2(_ root: SystemRoot) -> Bool {
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu", "/lib64"].contains {
            root.exists("\($0)/libxml2.so.2")
        }
    }

    /// Debian's perl-base has the interpreter and few modules: Env is not among them.
    private static func hasWholePerl(_ root: SystemRoot) -> Bool {
        let folders = root.list("/usr/share/perl").map { "/usr/share/perl/\($0)" }
        return (folders + ["/usr/share/perl5", "/usr/share/perl5/vendor_perl"]).contains { root.exists("\($0)/Env.pm") }
    }

    private func evidence(_ context: StepContext) async throws -> [String] {
        var evidence = [try await context.run(Command(["gcc", "--version"])).output.lines.first ?? "gcc"]
        if context.plan.recipe.driver != nil {
            evidence.append("/lib/modules/\(context.guest.kernel)/build has the kernel's headers")
        }
        if let cuda = context.plan.recipe.cuda, let compiler = try await HostCompiler.choose(for: cuda, context) {
            evidence.append("\(compiler.cxx) for CUDA \(cuda.version)")
        }
        return evidence
    }
}
