public import Contract

extension Plan {
    /// The plan that takes everything out again.
    public static func undo(packages: Bool, runID: String) -> Plan {
        Plan(runID: runID, recipe: Recipe(gpus: [], undo: UndoRecipe(packages: packages)), payloads: [])
    }

    /// The steps that make what the recipe asks for, in the order in which they are made.
    public var steps: [any Step] {
        if let undo = recipe.undo {
            return [
                Inspect(), UndoToolkits(), UndoDriver(), UndoFiles(), UndoInitramfs(), UndoPackages(recipe: undo),
                UndoRecords(),
            ]
        }
        var steps: [any Step] = [Inspect()]
        if recipe.growRootFilesystem { steps.append(GrowRootFilesystem()) }
        if recipe.updatePackages { steps.append(UpdatePackages()) }
        if recipe.driver != nil || !recipe.toolkits.isEmpty { steps.append(Prerequisites()) }
        if let driver = recipe.driver {
            steps += [BlacklistNouveau(), RebuildInitramfs(), UnloadNouveau(), InstallDriver(recipe: driver)]
            if driver.persistenceDaemon { steps.append(PersistenceDaemon()) }
            steps += [ProveDriver(), GPUProbe()]
        }
        if !recipe.toolkits.isEmpty {
            steps += recipe.toolkits.map { InstallCUDAToolkit(recipe: $0, id: .cudaToolkit.of($0, in: recipe)) }
            steps.append(SetUpEnvironment(recipe: recipe))
            steps += recipe.toolkits.map { ProveCUDA(recipe: $0, id: .proveCUDA.of($0, in: recipe)) }
        }
        // Last: its nvidia-smi would use the GPU while others measure it.
        if let telemetry = recipe.telemetry { steps.append(SetUpTelemetry(recipe: telemetry)) }
        return steps
    }
}
