public import Contract

extension Plan {
    /// The steps that make what the recipe asks for, in the order in which they are made.
    public var steps: [any Step] {
        var steps: [any Step] = [Inspect()]
        if recipe.growRootFilesystem { steps.append(GrowRootFilesystem()) }
        if recipe.updatePackages { steps.append(UpdatePackages()) }
        steps.append(Prerequisites())
        if let driver = recipe.driver {
            steps += [
                BlacklistNouveau(), RebuildInitramfs(), UnloadNouveau(), InstallDriver(recipe: driver), ProveDriver(),
            ]
        }
        if let cuda = recipe.cuda {
            steps += [InstallCUDAToolkit(recipe: cuda), SetUpEnvironment(recipe: cuda), ProveCUDA(recipe: cuda)]
        }
        return steps
    }
}
