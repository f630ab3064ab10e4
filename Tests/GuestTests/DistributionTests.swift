import GuestFakes
import Testing

@testable import Guest

@Suite struct DistributionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var release: String
        var line: Distribution.Line?
        var version: String?
        var kernel = ""
        var testDescription: String { release.replacing("\n", with: " ") }
    }

    /// Systems that have no tree in Fixtures/guests, above all derivatives with version numbers of their own.
    static let cases = [
        Case(release: "ID=nixos\nVERSION_ID=24.05\n", line: nil),
        Case(release: "ID=alpine\nVERSION_ID=3.20\n", line: nil),
        Case(release: "ID=ol\nID_LIKE=fedora\nVERSION_ID=8.9\n", line: .enterpriseLinux, version: "8.9"),
        Case(
            release: "ID=scientific\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=7.9\n", line: .enterpriseLinux,
            version: "7.9"),
        Case(
            release: "ID=nobara\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=41\nPLATFORM_ID=platform:f41\n",
            line: .fedora, version: "41"),
        Case(
            release: "ID=strange\nID_LIKE=\"rhel fedora\"\nVERSION_ID=2024.1\n", line: .enterpriseLinux, version: "7",
            kernel: "3.10.0-1160.el7.x86_64"),
        Case(release: "ID=amzn\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=2\n", line: .enterpriseLinux, version: "7"),
        Case(
            release: "ID=amzn\nID_LIKE=fedora\nVERSION_ID=2023\nPLATFORM_ID=platform:al2023\n", line: .enterpriseLinux,
            version: "9"),
        Case(
            release: "ID=linuxmint\nID_LIKE=debian\nVERSION_ID=6\nDEBIAN_CODENAME=bookworm\nVERSION_CODENAME=faye\n",
            line: .debian, version: "12"),
        Case(
            release: "ID=elementary\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=8\nUBUNTU_CODENAME=noble\n", line: .ubuntu,
            version: "24.04"),
        Case(release: "ID=kali\nID_LIKE=debian\nVERSION_ID=2025.1\nVERSION_CODENAME=kali-rolling\n", line: .debian),
        Case(release: "ID=debian\nVERSION_CODENAME=forky\n", line: .debian),
        Case(release: "ID=manjaro\nID_LIKE=arch\n", line: .arch),
        Case(
            release: "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\nVERSION_ID=42.3\n", line: .suseEnterprise,
            version: "12.3"),
        Case(
            release: "ID=opensuse-slowroll\nID_LIKE=\"suse opensuse\"\nVERSION_ID=20250901\n", line: .tumbleweed),
    ]

    @Test(arguments: cases) func isKnown(_ example: Case) throws {
        let fake = try FakeRoot([
            "/etc/os-release": example.release, "/proc/sys/kernel/osrelease": example.kernel,
        ])
        let distribution = Distribution.of(fake.root)
        #expect(distribution?.identity.line == example.line)
        #expect(distribution?.version?.description == example.version)
    }

    @Test(
        arguments: [
            ("ID=debian\nVERSION_ID=10\n", "older"), ("ID=centos\nVERSION_ID=6\n", "older"),
            ("ID=ubuntu\nVERSION_ID=16.04\n", "older"), ("ID=sles\nVERSION_ID=11.4\n", "older"),
            ("ID=fedora\nVERSION_ID=42\nVARIANT_ID=coreos\n", "ostree"),
            ("ID=opensuse-microos\nID_LIKE=\"suse opensuse opensuse-tumbleweed microos\"\n", "transactional"),
            ("ID=aeon\nID_LIKE=\"suse opensuse opensuse-tumbleweed\"\n", "transactional"),
            ("ID=other\nID_LIKE=\"suse opensuse microos\"\n", "transactional"),
            ("ID=steamos\nID_LIKE=arch\nVERSION_ID=3.7\n", "whole image"),
        ])
    func refuses(_ release: String, _ word: String) throws {
        let fake = try FakeRoot(
            word == "ostree" ? ["/etc/os-release": release, "/run/ostree-booted": ""] : ["/etc/os-release": release])
        guard case .refused(let words)? = Distribution.of(fake.root)?.support else {
            Issue.record("not refused")
            return
        }
        #expect(words.contains(word))
    }

    @Test(
        arguments: [
            ("ID=debian\nVERSION_ID=14\n", "newer"), ("ID=ubuntu\nVERSION_ID=25.10\n", "not one of"),
            ("ID=fedora\nVERSION_ID=50\n", "newer"), ("ID=kali\nID_LIKE=ubuntu\n", "does not say"),
        ])
    func goesOnWithAWarning(_ release: String, _ word: String) throws {
        let fake = try FakeRoot(["/etc/os-release": release])
        guard case .uncertain(let words)? = Distribution.of(fake.root)?.support else {
            Issue.record("not uncertain")
            return
        }
        #expect(words.contains(word))
    }

    /// `uname -r` of kernels that have no tree, and what has their headers.
    @Test(
        arguments: [
            ("ID=debian\n", "6.8.12-1-pve", ["proxmox-headers-6.8.12-1-pve"]),
            ("ID=debian\n", "6.1.0-26-rt-amd64", ["linux-headers-6.1.0-26-rt-amd64"]),
            (
                "ID=rhel\nVERSION_ID=8.10\n", "4.18.0-553.rt7.342.el8_10.x86_64",
                ["kernel-rt-devel-4.18.0-553.rt7.342.el8_10.x86_64"]
            ),
            (
                "ID=rhel\nVERSION_ID=9.4\n", "5.14.0-427.13.1.el9_4.x86_64+rt",
                [
                    "kernel-rt-devel-5.14.0-427.13.1.el9_4.x86_64",
                    "kernel-rt-devel-matched-5.14.0-427.13.1.el9_4.x86_64",
                ]
            ),
            (
                "ID=rhel\nVERSION_ID=8.10\n", "4.18.0-553.el8_10.x86_64+debug",
                ["kernel-debug-devel-4.18.0-553.el8_10.x86_64"]
            ),
            (
                "ID=centos\nVERSION_ID=7\n", "3.10.0-1160.el7.x86_64.debug",
                ["kernel-debug-devel-3.10.0-1160.el7.x86_64"]
            ),
            (
                "ID=amzn\nVERSION_ID=2023\n", "6.12.37-61.105.amzn2023.x86_64",
                ["kernel6.12-devel-6.12.37-61.105.amzn2023.x86_64"]
            ),
            ("ID=sles\nVERSION_ID=15.6\n", "6.4.0-150600.8.8-azure", ["kernel-azure-devel=6.4.0-150600.8.8"]),
            ("ID=arch\n", "6.16.8-hardened1-1-hardened", ["linux-hardened-headers"]),
        ] as [(String, String, [String])])
    func namesTheHeaders(_ release: String, _ kernel: String, _ names: [String]) throws {
        let fake = try FakeRoot(["/etc/os-release": release])
        #expect(Distribution.of(fake.root)?.kernelHeaders(KernelIdentity(kernel)) == names)
    }

    @Test(
        arguments: [
            ("6.1.0-26-cloud-amd64", [], "cloud-amd64"), ("6.12.43+deb13-amd64", [], "amd64"),
            ("6.8.0-45-generic", ["linux-image-virtual"], "virtual"),
            ("6.8.0-45-generic", ["linux-image-generic-hwe-22.04", "linux-image-generic"], "generic-hwe-22.04"),
            ("6.8.0-45-generic", ["linux-image-6.8.0-45-generic"], "generic"), ("6.8.0-1015-aws", [], "aws"),
        ] as [(String, Set<String>, String)])
    func keepsTheKernelsFlavour(_ kernel: String, _ installed: Set<String>, _ tail: String) throws {
        let fake = try FakeRoot(["/etc/os-release": "ID=ubuntu\nVERSION_ID=22.04\n"])
        #expect(
            Distribution.of(fake.root)?.newestKernel(KernelIdentity(kernel), installed: installed)
                == ["linux-image-\(tail)", "linux-headers-\(tail)"])
    }

    @Test func findsACompiler() throws {
        func on(_ release: String) throws -> Distribution? {
            let fake = try FakeRoot(["/etc/os-release": release])
            return withExtendedLifetime(fake) { Distribution.of(fake.root) }
        }
        let el8 = try on("ID=rocky\nVERSION_ID=8.10\n")
        #expect(el8?.compilerPackages(major: 11)?.folder == "/opt/rh/gcc-toolset-11/root/usr/bin")
        #expect(el8?.compilerPackages(major: 7) == nil && el8?.compilerPackages(upTo: 7) == nil)
        let el7 = try on("ID=centos\nVERSION_ID=7\n")
        #expect(el7?.compilerPackages(upTo: 8)?.names == ["devtoolset-8-gcc", "devtoolset-8-gcc-c++"])
        #expect(el7?.compilerPackages(major: 9)?.source == ["centos-release-scl"])
        let amazon = try on("ID=amzn\nID_LIKE=fedora\nVERSION_ID=2023\n")
        #expect(amazon?.compilerPackages(upTo: 13) == nil && amazon?.dkmsSource == .distribution)
        #expect(try on("ID=debian\nVERSION_ID=13\n")?.compilerPackages(upTo: 13)?.names == ["gcc-13", "g++-13"])
        #expect(try on("ID=debian\n")?.compilerPackages(major: 13)?.names == ["gcc-13", "g++-13"])
        #expect(try on("ID=fedora\nVERSION_ID=42\n")?.compilerPackages(upTo: 13) == nil)
    }

    @Test func neverTakesAKernelForAPackageToRemove() throws {
        let fake = try FakeRoot(["/etc/os-release": "ID=debian\n"])
        let debian = Distribution.of(fake.root)
        #expect(debian?.isKernel(package: "linux-image-6.1.0-26-amd64") == true)
        #expect(debian?.isKernel(package: "linux-headers-6.1.0-26-amd64") == false)
        try fake.write("/etc/os-release", "ID=ol\nVERSION_ID=8\n")
        let el = Distribution.of(fake.root)
        #expect(el?.isKernel(package: "kernel-uek-core") == true && el?.isKernel(package: "kernel-uek-devel") == false)
        #expect(el?.isKernel(package: "kernel-headers") == false && el?.isKernel(package: "kernel") == true)
    }
}
