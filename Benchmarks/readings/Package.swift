// swift-tools-version: 6.1

import PackageDescription

let package = Package(
    name: "ReadingsBench",
    dependencies: [.package(name: "provision-gpu-vm", path: "../..")],
    targets: [
        .executableTarget(
            name: "readings-bench", dependencies: [.product(name: "GPUReadings", package: "provision-gpu-vm")],
            path: "Sources/ReadingsBench", swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
