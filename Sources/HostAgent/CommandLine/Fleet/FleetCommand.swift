import ArgumentParser

/// `provision-gpu-vm fleet`: many guests from one manifest.
struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Make many guests as one manifest says, and keep them so.",
        discussion: """
            A manifest is YAML or JSON; its fields are named as the options of `provision` and `start` are, and its JSON \
            schema, Documentation/schemas/fleet.schema.json, lets an editor complete and check it:

              version: 1
              name: lab
              defaults:
                image: debian-12.qcow2
                driver: NVIDIA-Linux-x86_64-550.54.14.run
                cuda: cuda_12.4.0_550.54.14_linux.run
                memory: 32G
              guests:
                - name: train
                  count: 8
                  gpus: {count: 1, match: A100}
                  labels: {team: vision}
                - name: notebook
                  gpus: ["41:00.0"]
                  ports: ["8888:8888"]
            """,
        subcommands: [
            FleetPlanCommand.self, FleetApplyCommand.self, FleetReimageCommand.self, FleetStatusCommand.self,
            FleetReportCommand.self, FleetDestroyCommand.self, FleetSlurmTaskCommand.self,
        ])
}
