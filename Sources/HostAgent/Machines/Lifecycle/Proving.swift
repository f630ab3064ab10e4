public import Contract
public import Provisioner

extension Starting.Started {
    /// Asks the guest whether CUDA works in it: ``MachineProof/ask(_:access:keys:contact:recipe:context:)``. Nil where nobody could log
    /// in.
    public func prove(_ recipe: Recipe, state: String, context: JobContext) async throws -> MachineProof? {
        guard let contact, contact.refusal == nil else { return nil }
        context.progress(.phase("Prove that CUDA works in the guest"))
        return try await MachineProof.ask(
            machine, access: stored.access, keys: MachineHome(state: state, name: stored.name).keys, contact: contact,
            recipe: recipe, context: context)
    }
}
