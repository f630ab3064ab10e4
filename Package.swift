// swift-tools-version: 6.1

import PackageDescription

// One module per room, so that the compiler keeps the walls and an import is an arrow on the map
// (Documentation/Architecture.md). CI sets WARNINGS_AS_ERRORS; a user with a newer compiler is not stopped by its
// new warnings.
let strict = Context.environment["WARNINGS_AS_ERRORS"] != nil

let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "provision-gpu-vm",
    products: [
        .executable(name: "provision-gpu-vm", targets: ["provision-gpu-vm"]),
        .executable(name: "gpu-guest-agent", targets: ["gpu-guest-agent"]),
        .library(name: "GPUReadings", targets: ["GPUReadings"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        // Without its Foundation trait: the guest agent is linked statically and must stay small.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        // Telemetry on the host: samples kept, and served. Without its traits Hummingbird leaves out full Foundation and
        // the reading of configurations.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    ],
    targets: [
        // Shared: both sides, FoundationEssentials only.
        .target(name: "Contract", path: "Sources/Shared/Contract", swiftSettings: settings),
        .target(name: "BootConfiguration", path: "Sources/Shared/BootConfiguration", swiftSettings: settings),
        .target(
            name: "GPUReadings", dependencies: ["CExpat"], path: "Sources/Shared/GPUReadings", swiftSettings: settings),
        .target(name: "Runfiles", path: "Sources/Shared/Runfiles", swiftSettings: settings),
        .target(
            name: "FailureCatalogue", dependencies: ["Contract"], path: "Sources/Shared/FailureCatalogue",
            swiftSettings: settings),
        .target(
            name: "Telemetry", dependencies: ["Contract", "GPUReadings"], path: "Sources/Shared/Telemetry",
            swiftSettings: settings),
        .systemLibrary(
            name: "CExpat", path: "Sources/Shared/CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

        // GuestAgent: runs inside the VM, static.
        .target(
            name: "Guest", dependencies: ["BootConfiguration", "Contract", subprocess, system],
            path: "Sources/GuestAgent/Guest", swiftSettings: settings),
        .target(
            name: "Provisioning",
            dependencies: [
                "BootConfiguration", "Contract", "FailureCatalogue", "Guest", "GPUReadings", "Probe", "Runfiles",
                system,
            ],
            path: "Sources/GuestAgent/Provisioning", swiftSettings: settings),
        // gpu-probe.c travels inside the agent, as text.
        .target(
            name: "Probe", path: "Sources/GuestAgent/Probe", resources: [.embedInCode("gpu-probe.c")],
            swiftSettings: settings),
        // fork, PR_SET_PDEATHSIG and epoll, which Swift does not have.
        .target(name: "CSampling", path: "Sources/GuestAgent/CSampling"),
        .target(
            name: "Sampling", dependencies: ["CSampling", "Contract", "Guest", "GPUReadings", "Telemetry", system],
            path: "Sources/GuestAgent/Sampling", swiftSettings: settings),
        .executableTarget(
            name: "gpu-guest-agent",
            dependencies: [
                "Contract", "FailureCatalogue", "Guest", "Provisioning", "Sampling", "Telemetry", argumentParser,
                system,
            ],
            path: "Sources/GuestAgent/Main", swiftSettings: settings),

        // HostAgent: runs on the machine that has the GPU.
        .target(
            name: "Host", dependencies: ["Contract", subprocess, system], path: "Sources/HostAgent/Host",
            swiftSettings: settings),
        .target(
            name: "Passthrough", dependencies: ["BootConfiguration", "Contract", "Host", system],
            path: "Sources/HostAgent/Passthrough",
            swiftSettings: settings),
        .target(
            name: "VirtualMachines",
            dependencies: ["Contract", "FailureCatalogue", "Host", "Passthrough", "Telemetry", subprocess, system],
            path: "Sources/HostAgent/VirtualMachines", swiftSettings: settings),
        .systemLibrary(
            name: "CLibSSH2", path: "Sources/HostAgent/CLibSSH2", pkgConfig: "libssh2",
            providers: [.apt(["libssh2-1-dev"])]),
        .target(
            name: "SecureShell", dependencies: ["CLibSSH2", "Contract", "Host", system],
            path: "Sources/HostAgent/SecureShell", swiftSettings: settings),
        .target(
            name: "Provisioner",
            dependencies: [
                "Contract", "FailureCatalogue", "GPUReadings", "Host", "Passthrough", "Runfiles", "SecureShell",
                "VirtualMachines", system,
            ],
            path: "Sources/HostAgent/Provisioner", swiftSettings: settings),
        .target(
            name: "Machines",
            dependencies: [
                "Contract", "Host", "Passthrough", "Provisioner", "SecureShell", "VirtualMachines", system,
            ],
            path: "Sources/HostAgent/Machines", swiftSettings: settings),
        .target(
            name: "Monitoring", dependencies: ["Contract", "GPUReadings", "Host", "Telemetry"],
            path: "Sources/HostAgent/Monitoring",
            // The web page travels inside the tool.
            resources: [
                .embedInCode("Page/index.html"), .embedInCode("Page/app.js"), .embedInCode("Page/chart.js"),
                .embedInCode("Page/style.css"), .embedInCode("Page/icon.svg"),
            ],
            swiftSettings: settings),
        .target(
            name: "MonitoringStore",
            dependencies: [
                "Contract", "GPUReadings", "Host", "Monitoring", "Telemetry",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Sources/HostAgent/MonitoringStore", swiftSettings: settings),
        .target(
            name: "MonitoringHTTP",
            dependencies: [
                "Contract", "GPUReadings", "Monitoring",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/HostAgent/MonitoringHTTP", swiftSettings: settings),
        .target(
            name: "Fleet",
            dependencies: [
                "Contract", "Host", "Machines", "Passthrough", "Provisioner", "SecureShell", "VirtualMachines",
                .product(name: "Yams", package: "Yams"), system,
            ],
            path: "Sources/HostAgent/Fleet", swiftSettings: settings),
        .target(
            name: "FleetStore",
            dependencies: ["Contract", "Fleet", "Host", .product(name: "GRDB", package: "GRDB.swift")],
            path: "Sources/HostAgent/FleetStore", swiftSettings: settings),
        .executableTarget(
            name: "provision-gpu-vm",
            dependencies: [
                "Contract", "FailureCatalogue", "Fleet", "FleetStore", "GPUReadings", "Host", "Machines", "Monitoring",
                "MonitoringHTTP", "MonitoringStore",
                "Passthrough", "Provisioner", "SecureShell", "Telemetry", "VirtualMachines",
                argumentParser, system, unixSignals,
            ],
            path: "Sources/HostAgent/CommandLine", swiftSettings: settings),

        // Tests: one folder per module.
        .testTarget(name: "ContractTests", dependencies: ["Contract"], swiftSettings: settings),
        .testTarget(
            name: "FailureCatalogueTests", dependencies: ["FailureCatalogue", "Contract"], swiftSettings: settings),
        .testTarget(name: "GPUReadingsTests", dependencies: ["GPUReadings"], swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", "GPUReadings"], swiftSettings: settings),
        .testTarget(name: "RunfilesTests", dependencies: ["Runfiles"], swiftSettings: settings),
        .target(
            name: "GuestFakes", dependencies: ["Guest", system], path: "Tests/Support/Guest", swiftSettings: settings),
        .target(
            name: "HostFakes", dependencies: ["Contract", "Host", system], path: "Tests/Support/Host",
            swiftSettings: settings),
        .testTarget(
            name: "GuestTests", dependencies: ["BootConfiguration", "Guest", "GuestFakes", "Contract", system],
            swiftSettings: settings),
        .testTarget(
            name: "SamplingTests",
            dependencies: [
                "CSampling", "Sampling", "Contract", "Guest", "GuestFakes", "GPUReadings", "Telemetry", system,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ProvisioningTests",
            dependencies: [
                "Provisioning", "FailureCatalogue", "GPUReadings", "Guest", "GuestFakes", "Contract", "Probe",
                "Runfiles",
                system,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HostTests", dependencies: ["Host", "HostFakes", "Contract", system], swiftSettings: settings),
        .testTarget(
            name: "PassthroughTests",
            dependencies: ["BootConfiguration", "Passthrough", "Host", "HostFakes", "Contract", system],
            swiftSettings: settings),
        .testTarget(
            name: "VirtualMachinesTests",
            dependencies: ["VirtualMachines", "Host", "HostFakes", "Passthrough", "Contract", subprocess, system],
            swiftSettings: settings),
        // A real sshd.
        .target(
            name: "SecureShellFakes", dependencies: ["SecureShell", system, subprocess],
            path: "Tests/Support/SecureShell", swiftSettings: settings),
        .testTarget(
            name: "SecureShellTests",
            dependencies: ["SecureShell", "SecureShellFakes", "Contract", "Host", system, subprocess],
            swiftSettings: settings),
        .testTarget(
            name: "ProvisionerTests",
            dependencies: [
                "Provisioner", "Contract", "Host", "HostFakes", "Monitoring", "MonitoringFakes", "Runfiles",
                "SecureShell", "SecureShellFakes", "Telemetry", "VirtualMachines", "Passthrough", subprocess, system,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MachinesTests",
            dependencies: [
                "Machines", "Contract", "Host", "HostFakes", "Passthrough", "Provisioner", "SecureShell",
                "VirtualMachines", system,
            ],
            swiftSettings: settings),
        .target(
            name: "MonitoringFakes", dependencies: ["GPUReadings", "Monitoring", "Telemetry"],
            path: "Tests/Support/Monitoring", swiftSettings: settings),
        .executableTarget(
            name: "telemetry-demo", dependencies: ["Contract", "Monitoring", "MonitoringFakes"],
            path: "Tests/Support/TelemetryDemo", swiftSettings: settings),
        // Benchmarks/telemetry/run.
        .executableTarget(
            name: "telemetry-bench",
            dependencies: [
                "GPUReadings", "Monitoring", "MonitoringFakes", "MonitoringHTTP", "MonitoringStore", "Telemetry",
            ],
            path: "Benchmarks/telemetry/Sources/TelemetryBench", swiftSettings: settings),
        // Fleets on a simulated host; Benchmarks/fleet/run.
        .executableTarget(
            name: "fleet-bench",
            dependencies: ["Contract", "Fleet", "FleetStore", "Passthrough", "Provisioner"],
            path: "Benchmarks/fleet/Sources/FleetBench", swiftSettings: settings),
        .testTarget(
            name: "MonitoringTests",
            dependencies: [
                "Contract", "GPUReadings", "Host", "Monitoring", "MonitoringFakes", "MonitoringHTTP", "MonitoringStore",
                "Telemetry", .product(name: "GRDB", package: "GRDB.swift"), subprocess, system,
            ],
            swiftSettings: settings),
        // Scripts/slurm-lane.
        .executableTarget(
            name: "slurm-demo", dependencies: ["Contract", "Fleet", "Passthrough", "Provisioner", unixSignals],
            path: "Tests/Support/SlurmDemo", swiftSettings: settings),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "Fleet", "FleetStore", "Contract", "Host", "HostFakes", "Machines", "Passthrough", "Provisioner",
                "VirtualMachines", system,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Contract", "GPUReadings", "Guest", "Provisioning", "Telemetry", subprocess, system],
            path: "Tests/EndToEnd", swiftSettings: settings),
    ]
)
