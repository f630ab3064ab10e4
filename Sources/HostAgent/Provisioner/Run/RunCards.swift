public import Passthrough

extension Provisioning {
    /// The cards of the unfinished run for the same result, which its VM may hold: the same command goes on with them. Empty
    /// where there is no such run.
    public static func unfinishedCards(resultPath: String, state: String) -> [PCIAddress] {
        // A record that cannot be read is told when the run begins.
        guard let record = try? RunFolder(state: state, resultPath: resultPath).load(), record.phase != .ended,
            case .passthrough(let cards) = record.job.gpu
        else { return [] }
        return cards
    }
}
