// swift-tools-version: 6.1

import PackageDescription

// A package of somebody else's: all that it uses of provision-gpu-vm is the library. CI builds and runs it (Scripts/test).
let package = Package(
    name: "ReadingsExample",
    dependencies: [.package(name: "provision-gpu-vm", path: "../..")],
    targets: [
        .executableTarget(
            name: "readings-example", dependencies: [.product(name: "GPUReadings", package: "provision-gpu-vm")],
            path: "Sources/ReadingsExample", swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
