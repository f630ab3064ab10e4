public import Contract

extension Plan {
    /// The steps that make what the recipe asks for, in the order in which they are made.
    public var steps: [any Step] {
        var steps: [any Step] = [Inspect()]
        if recipe.growRootFilesystem { steps.append(GrowRootFilesystem()) }
        steps.append(Prerequisites())
        if let driver = recipe.driver {
            steps += [
                BlacklistNouveau(), RebuildInitramfs(), UnloadNouveau(), InstallDriver(recipe: driver), ProveDriver(),
                GPUProbe(),
            ]
        }
        if !recipe.toolkits.isEmpty {
            steps += recipe.toolkits.map { InstallCUDAToolkit(recipe: $0, id: .cudaToolkit.of($0, in: recipe)) }
            steps.append(SetUpEnvironment(recipe: recipe))
            steps += recipe.toolkits.map { ProveCUDA(recipe: $0, id: .proveCUDA.of($0, in: recipe)) }
        }
        return steps
    }
}
