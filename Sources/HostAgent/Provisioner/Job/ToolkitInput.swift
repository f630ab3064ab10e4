import Contract
import Runfiles

/// A CUDA runfile and the patches of its toolkit, in the order in which they are applied.
struct ToolkitInput: Sendable {
    var runfile: RunfileInput
    var patches: [RunfileInput] = []

    var recipe: CUDARecipe {
        let version = runfile.runfile.version
        return CUDARecipe(
            version: version.description, sha256: runfile.file.digest.sha256,
            toolkitPath: CUDAInstaller.defaultToolkitPath(version), samples: CUDAInstaller.hasSamples(version),
            patches: patches.map(\.file.identity))
    }

    /// Puts patches to their toolkits. Pure; also tells what does not go together.
    static func matching(
        _ toolkits: [RunfileInput], patches: [RunfileInput]
    ) -> (toolkits: [ToolkitInput], problems: [Failure]) {
        var inputs: [ToolkitInput] = []
        var problems: [Failure] = []
        func refuse(_ message: String, _ remedy: String) {
            problems.append(
                Failure(
                    .optionInvalid, operation: "put the CUDA runfiles together", message: message, remedy: remedy,
                    side: .host))
        }
        for toolkit in toolkits {
            let version = toolkit.runfile.version
            if let other = inputs.first(where: { $0.runfile.runfile.version.majorMinor == version.majorMinor }) {
                refuse(
                    "CUDA \(other.runfile.runfile.version) and CUDA \(version) would both go to "
                        + "\(CUDAInstaller.defaultToolkitPath(version)).",
                    "Give one runfile of each release with --cuda.")
            } else {
                inputs.append(ToolkitInput(runfile: toolkit))
            }
        }
        for patch in patches.sorted(by: { $0.runfile.version < $1.runfile.version }) {
            let version = patch.runfile.version
            guard let index = inputs.firstIndex(where: { belongs(version, to: $0.runfile.runfile.version) }) else {
                refuse(
                    "\(patch.file.fileName) patches a toolkit that is not among the ones named.",
                    "Name the runfile of CUDA \(toolkitVersion(ofPatch: version)) with --cuda, or leave the patch out.")
                continue
            }
            if inputs[index].patches.contains(where: { $0.runfile.version == version }) {
                refuse("The patch \(version) is named twice.", "Name each --cuda-patch once.")
            } else {
                inputs[index].patches.append(patch)
            }
        }
        return (inputs, problems)
    }

    /// 9.1.85.2 patches 9.1.85. Those of 10.2 lack the third number: 10.2.1 and 10.2.2 patch 10.2.89.
    private static func belongs(_ patch: ToolVersion, to toolkit: ToolVersion) -> Bool {
        patch.components.count > 3
            ? patch.components.prefix(3) == toolkit.components.prefix(3) : patch.majorMinor == toolkit.majorMinor
    }

    private static func toolkitVersion(ofPatch patch: ToolVersion) -> String {
        patch.components.count > 3
            ? patch.components.prefix(3).map(String.init).joined(separator: ".") : patch.majorMinor
    }
}
