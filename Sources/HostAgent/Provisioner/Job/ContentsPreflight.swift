import Contract
import Host
import Runfiles

/// Checks what is to go into a machine, whichever machine that is, and keeps all that is wrong with it.
class ContentsPreflight {
    let contents: JobContents
    let context: JobContext
    /// Where digests are remembered.
    let cache: String
    /// Where folders of the user's are kept as archives.
    let store: String

    var failures: [Failure] = []
    var warnings: [String] = []

    init(contents: JobContents, context: JobContext, cache: String, store: String) {
        self.contents = contents
        self.context = context
        self.cache = cache
        self.store = store
    }

    func checkLicences() {
        if !context.licencesAccepted && contents.hasRunfiles { failures.append(Licences.refusal()) }
    }

    /// Programs of this host, and Debian's packages of them.
    func requireTools(_ tools: [(name: String, package: String)]) {
        for (tool, package) in tools where findExecutable(tool) == nil {
            failures.append(
                Failure(
                    .toolMissing, operation: "look for the programs this needs", message: "\(tool) is not installed.",
                    remedy: "apt-get install \(package) (or your distribution's package of it).", side: .host))
        }
    }

    /// Runs one check and keeps its failure instead of stopping at it.
    /// An interruption is no finding: it goes through.
    func attempt<Value: Sendable>(_ check: () async throws -> Value) async throws -> Value? {
        do {
            return try await check()
        } catch let failure as Failure {
            failures.append(failure)
        } catch let several as Failures {
            failures += several.all
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            failures.append(
                Failure(
                    .internal, operation: "check the inputs", message: "\(error)", remedy: "Please report this.",
                    side: .host))
        }
        return nil
    }

    func invalid(_ message: String, _ remedy: String, _ code: FailureCode = .optionInvalid) {
        failures.append(Failure(code, operation: "check the options", message: message, remedy: remedy, side: .host))
    }

    func checkVersions(_ payloads: JobPayloads) {
        guard let driver = payloads.driver?.runfile.version else { return }
        if let problem = contents.moduleProblem(driver: driver) { failures.append(problem) }
        for toolkit in payloads.toolkits {
            switch Compatibility.driver(driver, cuda: toolkit.runfile.runfile.version) {
            case .fits: break
            case .warning(let text): warnings.append(text)
            case .incompatible(let text) where contents.allowIncompatible:
                warnings.append("\(text) Allowed by --allow-incompatible.")
            case .incompatible(let text):
                failures.append(
                    Failure(
                        .incompatible, operation: "compare driver and CUDA", message: text,
                        remedy:
                            "Take a driver at least as new as the CUDA release asks for, or give --allow-incompatible.",
                        side: .host))
            }
        }
    }
}
