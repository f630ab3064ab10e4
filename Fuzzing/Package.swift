// swift-tools-version: 6.1

import PackageDescription

// Built by Scripts/fuzz-readings with --sanitize=fuzzer, which instruments the library too. main is libFuzzer's.
let package = Package(
    name: "FuzzReadings",
    dependencies: [.package(name: "provision-gpu-vm", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz-readings", dependencies: [.product(name: "GPUReadings", package: "provision-gpu-vm")],
            path: "Sources/FuzzReadings",
            swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-parse-as-library"])])
    ]
)
