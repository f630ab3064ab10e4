import Runfiles
import Testing

@Suite struct DriverInstallerTests {
    /// Which of the flags that differ each version knows, by the tags of nvidia-installer.
    static let table: [(version: String, knows: [String], lacks: [String])] = [
        ("375.39", ["--dkms"], ["--no-drm", "--no-peermem"]),
        ("375.66", ["--no-drm"], []),
        ("378.13", ["--ftp-mirror"], ["--no-drm"]),
        ("381.22", ["--no-drm"], ["--skip-depmod"]),
        (
            "390.42",
            ["--silent", "-s", "--dkms", "--no-opengl-files", "--no-x-check", "--no-drm", "--opengl-headers", "-a"],
            [
                "--no-dkms", "--no-peermem", "--systemd", "--skip-depmod", "--kernel-module-type", "--update",
                "--nonsense",
            ]
        ),
        ("470.74", ["--no-systemd"], ["--no-peermem", "--opengl-headers"]),
        (
            "470.256.02", ["--no-peermem", "--systemd", "--skip-depmod", "-m", "--kernel-module-build-directory=x"],
            ["--no-dkms", "--kernel-modules-only", "--rebuild-initramfs"]
        ),
        ("495.29.05", [], ["--no-peermem"]),
        (
            "550.54.14",
            ["--no-dkms", "--no-kernel-module", "--no-rebuild-initramfs", "--skip-module-load", "--no-peermem"],
            ["--kernel-module-type", "--print-recommended-kernel-module-type"]
        ),
        (
            "580.65.06", ["--kernel-module-type=open", "-M", "--print-recommended-kernel-module-type"],
            ["--ftp-mirror", "--opengl-headers"]
        ),
    ]

    @Test(arguments: table) func flags(_ version: String, _ knows: [String], _ lacks: [String]) throws {
        let version = try #require(ToolVersion(version))
        for flag in knows { #expect(DriverInstaller.accepts(flag, version: version), "\(flag)") }
        for flag in lacks { #expect(!DriverInstaller.accepts(flag, version: version), "\(flag)") }
    }

    @Test(arguments: [
        ("340.108", true, ["--silent", "--accept-license", "--dkms", "--no-opengl-files", "--no-x-check"]),
        ("390.42", true, ["--silent", "--dkms", "--no-opengl-files", "--no-x-check"]),
        ("390.42", false, ["--silent", "--no-opengl-files", "--no-x-check"]),
        ("470.256.02", true, ["--silent", "--dkms", "--no-opengl-files", "--no-x-check"]),
        ("550.54.14", false, ["--silent", "--no-dkms", "--no-opengl-files", "--no-x-check"]),
        ("580.65.06", true, ["--silent", "--dkms", "--no-opengl-files", "--no-x-check"]),
    ])
    func arguments(_ version: String, _ dkms: Bool, _ expected: [String]) throws {
        let version = try #require(ToolVersion(version))
        let arguments = DriverInstaller.arguments(for: version, options: .init(tmpdir: "/var/tmp", dkms: dkms))
        #expect(arguments == ["--tmpdir", "/var/tmp"] + expected)
        #expect(arguments.allSatisfy { !$0.hasPrefix("-") || DriverInstaller.accepts($0, version: version) })
    }

    @Test func optionsAddTheirFlags() throws {
        let version = try #require(ToolVersion("390.42"))
        let options = DriverInstaller.Options(tmpdir: "/t", dkms: true, openGL: true, concurrency: 2)
        #expect(
            DriverInstaller.arguments(for: version, options: options)
                == ["--tmpdir", "/t", "--silent", "--dkms", "--no-x-check", "--concurrency-level=2"])
    }
}

@Suite struct CUDAInstallerTests {
    static let options = CUDAInstaller.Options(
        toolkitPath: "/opt/cuda", samplesPath: "/opt/samples", tmpdir: "/var/tmp", override: true)

    @Test(arguments: [
        (
            "9.1.85",
            [
                "--silent", "--toolkit", "--toolkitpath=/opt/cuda", "--samples", "--samplespath=/opt/samples",
                "--tmpdir=/var/tmp", "--override", "--verbose",
            ]
        ),
        (
            "11.4.4",
            [
                "--silent", "--toolkit", "--toolkitpath=/opt/cuda", "--samples", "--samplespath=/opt/samples",
                "--tmpdir=/var/tmp", "--override",
            ]
        ),
        ("12.4.0", ["--silent", "--toolkit", "--toolkitpath=/opt/cuda", "--tmpdir=/var/tmp", "--override"]),
    ])
    func arguments(_ version: String, _ expected: [String]) throws {
        let version = try #require(ToolVersion(version))
        #expect(CUDAInstaller.arguments(for: version, options: Self.options) == expected)
    }

    @Test func leastArguments() throws {
        let options = CUDAInstaller.Options(toolkitPath: "/c", samplesPath: nil, tmpdir: nil, override: false)
        #expect(
            CUDAInstaller.arguments(for: try #require(ToolVersion("11.4.4")), options: options)
                == ["--silent", "--toolkit", "--toolkitpath=/c"])
    }

    @Test func placesOfBothInstallers() throws {
        let script = try #require(ToolVersion("10.0.130"))
        let program = try #require(ToolVersion("10.1.105"))
        #expect(CUDAInstaller.logPaths(for: script) == ["/tmp/cuda_install_*.log"])
        #expect(CUDAInstaller.logPaths(for: program).first == "/var/log/cuda-installer.log")
        #expect(CUDAInstaller.defaultToolkitPath(script) == "/usr/local/cuda-10.0")
        #expect(CUDAInstaller.uninstallerPath(script, toolkitPath: "/c") == "/c/bin/uninstall_cuda_10.0.pl")
        #expect(CUDAInstaller.uninstallerPath(program, toolkitPath: "/c") == "/c/bin/cuda-uninstaller")
        #expect(CUDAInstaller.hasSamples(try #require(ToolVersion("11.5.2"))))
        #expect(!CUDAInstaller.hasSamples(try #require(ToolVersion("11.6.0"))))
    }
}

@Suite struct CUDAPatchTests {
    @Test(arguments: [("9.1.85", "--installdir=/p"), ("10.0.130", "--installdir=/p"), ("10.2.89", "--toolkitpath=/p")])
    func callsItAsItsTime(_ version: String, _ option: String) throws {
        let ways = CUDAPatch.arguments(toolkit: try #require(ToolVersion(version)), toolkitPath: "/p", override: false)
        #expect(ways.count == 2 && ways[0].last == option)
    }

    @Test(arguments: [
        ("Unknown option: installdir\n", true), ("unrecognised option '--accept-eula'", true), ("no space left", false),
    ])
    func knowsAnUnknownOption(_ output: String, _ unknown: Bool) {
        #expect(CUDAPatch.doesNotKnowItsOptions(output) == unknown)
    }

    @Test(
        arguments: [
            ("#!/bin/sh\n\techo Uncompressed size: 3100584 KB\n", 3_100_584 << 10), ("Uncompressed size: x KB", nil),
            ("Uncompressed size: 12", nil), ("U", nil), ("", nil), ("UUncompressed size: 7 KB", 7 << 10),
        ] as [(String, Int64?)])
    func readsTheUnpackedSize(_ text: String, _ bytes: Int64?) {
        #expect(Runfile.unpackedBytes(prefix: Array(text.utf8)) == bytes)
    }

    @Test func spaceIsNeverLessThanTheFile() throws {
        let old = CUDAInstaller.space(for: try #require(ToolVersion("9.0")), fileBytes: 10, unpackedBytes: 3)
        #expect(old == CUDAInstaller.Space(unpacked: 10, installed: 40))
        let new = CUDAInstaller.space(for: try #require(ToolVersion("12.4")), fileBytes: 10, unpackedBytes: 25)
        #expect(new == CUDAInstaller.Space(unpacked: 25, installed: 25))
    }
}
