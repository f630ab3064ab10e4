import Contract
import FoundationEssentials
import Host

extension QemuImg {
    /// The JSON of `qemu-img info`, the fields that matter.
    private struct Answer: Decodable {
        struct Specific: Decodable {
            struct Details: Decodable { var corrupt: Bool? }
            var data: Details?
        }

        var format: String
        var virtualSize: Int64
        var actualSize: Int64?
        var backingFilename: String?
        var fullBackingFilename: String?
        var backingFilenameFormat: String?
        var dirtyFlag: Bool?
        var formatSpecific: Specific?

        enum CodingKeys: String, CodingKey {
            case format
            case virtualSize = "virtual-size"
            case actualSize = "actual-size"
            case backingFilename = "backing-filename"
            case fullBackingFilename = "full-backing-filename"
            case backingFilenameFormat = "backing-filename-format"
            case dirtyFlag = "dirty-flag"
            case formatSpecific = "format-specific"
        }
    }

    /// Reads what `qemu-img info --output=json` printed.
    static func parse(info text: String, of path: String, operation: String) throws -> ImageInfo {
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        } catch {
            throw Failure(
                .imageUnreadable, operation: operation, message: "qemu-img's answer about \(path) is not understood.",
                evidence: [String(text.prefix(1000)), "\(error)"],
                remedy: "Run `qemu-img info --output=json \(path)` and report what it prints.", side: .host)
        }
        return ImageInfo(
            format: answer.format, virtualSize: answer.virtualSize, actualSize: answer.actualSize ?? 0,
            backingFile: answer.fullBackingFilename ?? answer.backingFilename,
            backingFormat: answer.backingFilenameFormat, isDirty: answer.dirtyFlag ?? false,
            isCorrupt: answer.formatSpecific?.data?.corrupt ?? false)
    }

    /// What qemu-img's words mean.
    static func failure(
        _ result: ToolResult, operation: String, path: String, code: FailureCode = .commandFailed
    ) -> Failure {
        let words = result.error + result.output
        func failure(_ code: FailureCode, _ message: String, _ remedy: String) -> Failure {
            Failure(
                code, operation: operation, message: message, evidence: result.complaints, remedy: remedy, side: .host)
        }
        if words.contains("Failed to get") && words.contains("lock") {
            return imageInUse(path, operation: operation, evidence: result.complaints)
        }
        if words.contains("No space left on device") {
            return failure(.hostSpace, "The disk is full.", "Free some space, or work in another folder.")
        }
        if words.contains("No such file or directory") {
            return failure(
                .imageMissing, "\(path), or an image that it is based on, is not there.",
                "Look at the chain with `qemu-img info --backing-chain \(path)`.")
        }
        if words.contains("Could not open") || words.contains("Image is not in") || words.contains("Could not read") {
            return failure(
                .imageUnreadable, "\(path) cannot be read as a disk image.",
                "Look at it with `qemu-img info \(path)` and `qemu-img check \(path)`; fetch it again if it is damaged."
            )
        }
        return failure(
            code, "qemu-img ended with status \(result.status).", "Read its words above; run it again by hand.")
    }
}
