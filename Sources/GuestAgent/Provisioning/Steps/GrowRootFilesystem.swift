import Contract
import Guest

/// Grows the root partition and file system over the room that a larger disk leaves behind them.
struct GrowRootFilesystem: Step {
    let id = StepID.rootFilesystem
    let title = "grow the root file system"

    func check(_ context: StepContext) async throws -> CheckResult {
        let layout = try RootFilesystem(context.guest).layout()
        guard layout.disk != nil else {
            context.emit(
                .warning(
                    id,
                    message: "\(layout.device) is not a plain partition (LVM, RAID, a whole disk): it is not grown"))
            return .satisfied(["\(layout.device), \(layout.type), is not a plain partition: left as it is"])
        }
        guard layout.bytesBehind >= RootFilesystem.Layout.worthGrowing else {
            if layout.coverage < RootFilesystem.Layout.wantedCoverage {
                return .needed("the file system covers \(layout.coverage) % of \(layout.device)")
            }
            return .satisfied(["\(layout.device) has \(layout.bytesBehind >> 20) MiB of the disk behind it"])
        }
        return .needed("\(layout.bytesBehind >> 20) MiB of the disk lie behind \(layout.device)")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let filesystem = RootFilesystem(context.guest)
        return try filesystem.commands(for: try filesystem.layout()).map { .run($0.line) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let filesystem = RootFilesystem(context.guest)
        try await filesystem.grow(try filesystem.layout())
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let layout = try RootFilesystem(context.guest).layout()
        let free = try context.root.freeBytes(at: "/")
        guard layout.bytesBehind < RootFilesystem.Layout.worthGrowing else {
            throw Failure.guest(
                .guestSpace, title, "\(layout.bytesBehind >> 20) MiB behind \(layout.device) are still unused.",
                remedy: "Grow partition and file system in the image, and leave --disk-size out.")
        }
        guard layout.coverage >= RootFilesystem.Layout.leastCoverage else {
            throw Failure.guest(
                .guestSpace, title, "The file system covers \(layout.coverage) % of \(layout.device) only.",
                evidence: [
                    "partition: \((layout.partitionBytes ?? 0) >> 20) MiB, \(layout.type): \(layout.filesystemBytes >> 20) MiB"
                ],
                remedy: "Grow the file system in the image, and leave --disk-size out.")
        }
        return ["\(layout.device), \(layout.type): \(free >> 20) MiB free"]
    }
}
