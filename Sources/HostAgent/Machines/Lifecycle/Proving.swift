public import Contract
public import Provisioner

extension Starting.Started {
    /// Asks the guest whether CUDA works in it: ``MachineProof/ask(_:_:access:keys:recipe:context:)``. Nil where nobody could log in.
    public func prove(_ recipe: Recipe, state: String, context: JobContext) async throws -> MachineProof? {
        guard let guest, guest.contact.refusal == nil else { return nil }
        context.progress(.phase("Prove that CUDA works in the guest"))
        return try await MachineProof.ask(
            machine, guest, access: stored.access, keys: MachineHome(state: state, name: stored.name).keys,
            recipe: recipe, context: context)
    }
}
