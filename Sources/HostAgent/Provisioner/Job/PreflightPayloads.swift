import Contract
import FoundationEssentials
import Host
import Runfiles

/// The files that the guest is to get: each is looked at, and what is wrong with it is kept.
extension ContentsPreflight {
    /// What was found: files digested, folders not yet packed.
    struct PayloadInputs {
        var payloads = JobPayloads()
        /// Folders to pack, by what they are for.
        var folders: [(role: Payload.Role, survey: FolderSurvey)] = []

        /// Bytes of all of it.
        var bytes: Int64 {
            payloads.all.reduce(0) { $0 + $1.size } + folders.reduce(0) { $0 + $1.survey.bytes }
        }
    }

    private var digests: DigestCache { DigestCache(folder: "\(cache)/digests") }

    func lookAtPayloads() async throws -> PayloadInputs {
        var inputs = PayloadInputs()
        inputs.payloads.driver = try await runfile(contents.driver, .driver)
        var toolkits: [RunfileInput] = []
        for path in contents.cuda { if let input = try await runfile(path, .cuda) { toolkits.append(input) } }
        var patches: [RunfileInput] = []
        for path in contents.cudaPatches {
            if let input = try await runfile(path, .cudaPatch) { patches.append(input) }
        }
        let matched = ToolkitInput.matching(toolkits, patches: patches)
        inputs.payloads.toolkits = matched.toolkits
        // A toolkit that could not be read would make orphans of its patches.
        if toolkits.count == contents.cuda.count { failures += matched.problems }
        if let path = contents.samples { try await takeSamples(path, &inputs) }
        if let path = contents.nvbandwidth { try await takeNVBandwidth(path, &inputs) }
        if let path = contents.offlinePackages { try await takePackages(path, &inputs) }
        if let signing = contents.signing { try await takeSigning(signing, &inputs) }
        refuseTwins(inputs.payloads.all)
        return inputs
    }

    /// Makes archives of the folders.
    func pack(_ inputs: inout PayloadInputs) async throws {
        for (role, survey) in inputs.folders {
            context.progress(.note("Packing \(survey.folder), \(survey.bytes >> 20) MiB."))
            let archive = FolderArchive(store: store)
            let input = try await attempt {
                try await archive.pack(
                    survey, as: role, digests: digests, operation: "pack the folder \(survey.folder)")
            }
            switch role {
            case .samples: inputs.payloads.samples = input
            case .nvbandwidth: inputs.payloads.nvbandwidth = input
            default: inputs.payloads.packages = input
            }
        }
        refuseTwins(inputs.payloads.all)
    }

    private func runfile(_ path: String?, _ role: Payload.Role) async throws -> RunfileInput? {
        guard let path else { return nil }
        return try await attempt { try await RunfileInput.inspect(path: path, as: role, digests: digests) }
    }

    private func takeSamples(_ path: String, _ inputs: inout PayloadInputs) async throws {
        let option = "--samples"
        if isFolder(path) {
            guard let survey = try await survey(path, option) else { return }
            // 1_Utilities/deviceQuery as the runfile has it, Samples/1_Utilities/deviceQuery as GitHub has it.
            guard survey.folders.contains(where: { $0.split(separator: "/").last == "deviceQuery" }) else {
                return invalid(
                    "\(path) holds no sample deviceQuery.", "Name the folder of NVIDIA's cuda-samples with \(option).")
            }
            inputs.folders.append((.samples, survey))
        } else {
            inputs.payloads.samples = try await file(path, .samples, option) { $0 == .archive }
        }
    }

    private func takeNVBandwidth(_ path: String, _ inputs: inout PayloadInputs) async throws {
        let option = "--nvbandwidth"
        if isFolder(path) {
            guard let survey = try await survey(path, option) else { return }
            guard survey.files.contains(where: { $0.split(separator: "/").last == "CMakeLists.txt" }) else {
                return invalid(
                    "\(path) holds no CMakeLists.txt, and so not nvbandwidth's sources.",
                    "Name the folder of its sources, or the program, with \(option).")
            }
            inputs.folders.append((.nvbandwidth, survey))
        } else {
            inputs.payloads.nvbandwidth = try await file(path, .nvbandwidth, option) {
                $0 == .archive || $0 == .program
            }
        }
    }

    private func takePackages(_ path: String, _ inputs: inout PayloadInputs) async throws {
        let option = "--offline"
        guard isFolder(path) else {
            return invalid("\(path) is no folder.", "Name a folder of packages with \(option).")
        }
        guard let survey = try await survey(path, option) else { return }
        let kinds = Set(survey.files.compactMap(PackageKind.init(fileName:)))
        guard !kinds.isEmpty else {
            return invalid(
                "\(path) holds no packages (\(PackageKind.allCases.map(\.ending).joined(separator: ", "))).",
                "Put the guest's packages there: compiler, make, kernel headers, and what these need.")
        }
        guard kinds.count == 1 else {
            return invalid(
                "\(path) holds packages of several kinds: \(kinds.map(\.ending).sorted().joined(separator: ", ")).",
                "Keep those of the guest's distribution.")
        }
        inputs.folders.append((.packages, survey))
    }

    private func takeSigning(_ signing: JobContents.Signing, _ inputs: inout PayloadInputs) async throws {
        typealias Judge = ([UInt8]) -> (message: String, remedy: String)?
        let files: [(String, Payload.Role, Judge)] = [
            (signing.key, .signingKey, SigningFile.problem(ofKey:)),
            (signing.certificate, .signingCertificate, SigningFile.problem(ofCertificate:)),
        ]
        for (path, role, problem) in files {
            let bytes = FilePrefix.read(path, count: 64 << 10)
            guard !bytes.isEmpty else {
                invalid("\(path) cannot be read, or is empty.", "Name the pair of files with which modules are signed.")
                continue
            }
            if let problem = problem(bytes) {
                invalid("\(path) \(problem.message).", problem.remedy)
                continue
            }
            let input = try await attempt {
                try await PayloadInput.file(path, as: role, digests: digests, operation: "check the signing files")
            }
            if role == .signingKey {
                inputs.payloads.signingKey = input
                if let mode = (try? FileStatus(of: path))?.mode, mode & 0o077 != 0 {
                    warnings.append("The private key \(path) can be read by others than its owner: chmod 600 it.")
                }
            } else {
                inputs.payloads.signingCertificate = input
            }
        }
    }

    private func survey(_ path: String, _ option: String) async throws -> FolderSurvey? {
        try await attempt {
            let survey = try FolderSurvey(path, option: option)
            let version = try await toolOutput(
                "tar", ["--version"], package: "tar", operation: "pack the folder of \(option)")
            guard version.contains("GNU tar") else {
                throw Failure(
                    .toolMissing, operation: "pack the folder of \(option)", message: "This host's tar is not GNU tar.",
                    evidence: Array(version.split(separator: "\n").prefix(1).map(String.init)),
                    remedy: "Install GNU tar, or name an archive in place of the folder.", side: .host)
            }
            return survey
        }
    }

    private func file(
        _ path: String, _ role: Payload.Role, _ option: String, fits: (SuppliedFile) -> Bool
    ) async throws -> PayloadInput? {
        guard FileManager.default.isReadableFile(atPath: path) else {
            invalid("\(path) is not there, or cannot be read.", "Name a file or a folder with \(option).")
            return nil
        }
        let kind = SuppliedFile(prefix: FilePrefix.read(path, count: 512))
        guard fits(kind) else {
            let seen = if case .other(let words) = kind { words } else { "a program" }
            invalid("\(path) is \(seen).", "Name a tar archive or a folder with \(option).")
            return nil
        }
        return try await attempt {
            try await PayloadInput.file(path, as: role, digests: digests, operation: "check the file of \(option)")
        }
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// The guest tells drives apart by their digests.
    private func refuseTwins(_ inputs: [PayloadInput]) {
        for (index, input) in inputs.enumerated() {
            guard let twin = inputs[..<index].first(where: { $0.digest.sha256 == input.digest.sha256 }) else {
                continue
            }
            invalid("\(twin.path) and \(input.path) are the same file.", "Name each file once.")
        }
    }
}
