import Contract

extension Guest {
    /// Lines of a query of the package database. Throws where the list may not be whole: what is not in it would be taken
    /// for not installed.
    func packageList(_ command: Command) async throws -> [String] {
        let result = try await runner.run(command)
        guard result.succeeded, !result.truncated else {
            throw Failure.command(
                command, result, operation: "list the installed packages",
                remedy: "Make `\(command.line)` work in the guest.")
        }
        return result.output.lines
    }
}
