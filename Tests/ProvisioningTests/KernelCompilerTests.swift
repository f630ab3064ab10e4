import Contract
import Guest
import GuestFakes
import Synchronization
import Testing

@testable import Provisioning

@Suite struct KernelCompilerTests {
    /// /proc/version as the distributions' kernels say it.
    @Test(
        arguments: [
            (
                "Linux version 3.10.0-1160.el7.x86_64 (mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) ) #1 SMP Mon Oct 19 16:18:59 UTC 2020",
                "gcc 4"
            ),
            (
                "Linux version 4.18.0-553.el8_10.x86_64 (mockbuild@iad1-prod-build001.bld.equ.rockylinux.org) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-22) (GCC)) #1 SMP Fri May 24 13:05:10 UTC 2024",
                "gcc 8"
            ),
            (
                "Linux version 5.14.0-427.13.1.el9_4.x86_64 (mockbuild@x64-builder02.almalinux.org) (gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3), GNU ld version 2.35.2-43.el9) #1 SMP PREEMPT_DYNAMIC Tue Apr 30 18:22:29 EDT 2024",
                "gcc 11"
            ),
            (
                "Linux version 6.8.5-301.fc40.x86_64 (mockbuild@ab9b6e9f3b5d) (gcc (GCC) 14.0.1 20240328 (Red Hat 14.0.1-0), GNU ld version 2.41-34.fc40) #1 SMP PREEMPT_DYNAMIC Thu Apr 11 20:00:10 UTC 2024",
                "gcc 14"
            ),
            (
                "Linux version 5.10.0-28-amd64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2) #1 SMP Debian 5.10.209-2 (2024-01-31)",
                "gcc 10"
            ),
            (
                "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)",
                "gcc 12"
            ),
            (
                "Linux version 6.12.38+deb13-amd64 (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) #1 SMP PREEMPT_DYNAMIC Debian 6.12.38-1 (2025-07-16)",
                "gcc 14"
            ),
            (
                "Linux version 4.15.0-213-generic (buildd@lcy02-amd64-079) (gcc version 7.5.0 (Ubuntu 7.5.0-3ubuntu1~18.04)) #224-Ubuntu SMP Mon Jun 19 13:30:12 UTC 2023",
                "gcc 7"
            ),
            (
                "Linux version 6.5.0-15-generic (buildd@lcy02-amd64-116) (x86_64-linux-gnu-gcc-12 (Ubuntu 12.3.0-1ubuntu1~22.04) 12.3.0, GNU ld (GNU Binutils for Ubuntu) 2.38) #15~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC Fri Jan 12 18:54:30 UTC 2",
                "gcc 12"
            ),
            (
                "Linux version 5.14.21-150500.55.39-default (geeko@buildhost) (gcc (SUSE Linux) 7.5.0, GNU ld (GNU Binutils; SUSE Linux Enterprise 15) 2.39.0.20220810-150100.7.40) #1 SMP PREEMPT_DYNAMIC Tue Dec 5 10:06:35 UTC 2023 (2e4092e)",
                "gcc 7"
            ),
            (
                "Linux version 6.9.3-arch1-1 (linux@archlinux) (gcc (GCC) 14.1.1 20240522, GNU ld (GNU Binutils) 2.42.0) #1 SMP PREEMPT_DYNAMIC Fri, 31 May 2024 15:14:45 +0000",
                "gcc 14"
            ),
            (
                "Linux version 6.6.8-1-lto (builder@host) (Debian clang version 16.0.6 (15), Debian LLD 16.0.6) #1 SMP PREEMPT_DYNAMIC Thu Dec 21 00:00:00 UTC 2023",
                "clang 16 lld"
            ),
            (
                "Linux version 6.9.1-2-cachyos (linux@host) (clang version 17.0.6, GNU ld (GNU Binutils) 2.42.0) #1 SMP",
                "clang 17"
            ),
            ("Linux version 6.1.0 (somebody) (tcc 0.9.27) #1", "nil"), ("", "nil"),
        ])
    func readsProcVersion(_ text: String, _ expected: String) {
        #expect(name(KernelCompiler.parse(procVersion: text)) == expected)
    }

    @Test(
        arguments: [
            ("CONFIG_CC_IS_GCC=y\nCONFIG_GCC_VERSION=120200\nCONFIG_CLANG_VERSION=0\n", "gcc 12"),
            ("#define CONFIG_GCC_VERSION 80500\n#define CONFIG_CLANG_VERSION 0\n", "gcc 8"),
            (
                "CONFIG_GCC_VERSION=0\nCONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=180108\nCONFIG_LD_IS_LLD=y\n",
                "clang 18 lld"
            ),
            ("CONFIG_CC_VERSION_TEXT=\"gcc-12 (Debian 12.2.0-14) 12.2.0\"\n", "gcc 12"),
            ("# CONFIG_FOO is not set\n", "nil"),
        ])
    func readsTheConfiguration(_ text: String, _ expected: String) {
        #expect(name(KernelCompiler.parse(configuration: text)) == expected)
    }

    private func name(_ compiler: KernelCompiler?) -> String {
        compiler.map { "\($0.family) \($0.major)\($0.lld ? " lld" : "")" } ?? "nil"
    }

    @Test func usesWhatIsThere() {
        let twelve = KernelCompiler(family: .gcc, major: 12)
        #expect(twelve.use(defaultMajor: 12) { _ in false } == .init())
        #expect(twelve.use(defaultMajor: 11) { $0 == "gcc-12" }.environment == ["CC": "gcc-12"])
        let toolset = twelve.use(defaultMajor: 8) { $0.hasPrefix("/opt/rh/gcc-toolset-12/") }
        #expect(toolset.environment == ["CC": "/opt/rh/gcc-toolset-12/root/usr/bin/gcc"] && !toolset.isWarning)
        let none = twelve.use(defaultMajor: 13) { _ in false }
        #expect(none.environment == ["IGNORE_CC_MISMATCH": "1"] && none.isWarning && none.note.contains("gcc 12"))
        let clang = KernelCompiler(family: .clang, major: 16, lld: true)
        #expect(
            clang.use(defaultMajor: 12) { $0 == "clang" }.environment
                == ["CC": "clang", "LLVM": "1", "LD": "ld.lld"])
        #expect(
            KernelCompiler(family: .clang, major: 16).use(defaultMajor: nil) { $0 == "clang-16" }.environment
                == ["CC": "clang-16", "LLVM": "1"])
    }

    static let version =
        "Linux version 6.1.0-1-amd64 (a@b) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) #1 SMP\n"

    /// An older default compiler: the right one is installed, and that it cannot be is no end.
    @Test(arguments: [true, false]) func installsIt(_ offered: Bool) async throws {
        let bench = try Bench(
            [
                "/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/proc/version": Self.version,
                "/var/lib/apt/lists/x_Packages": "",
            ],
            [
                "cc -dumpversion": FakeRunner.says("11\n"), "dpkg-query": FakeRunner.says(""),
                "apt-get": FakeRunner.says(
                    offered ? "" : "E: Unable to locate package gcc-12", status: offered ? 0 : 100),
            ])
        let use = try await KernelCompiler.choose(bench.context(), .driver, installing: true)
        #expect(use.isWarning)  // the fake installs no file
        #expect(bench.runner.ran.contains { $0.hasPrefix("apt-get") && $0.hasSuffix("install gcc-12 g++-12") })
        let warnings = bench.events.withLock { $0.map(\.kind) }.filter { $0 == "warning" }
        #expect(warnings.count == (offered ? 0 : 1))
    }

    @Test func installsNothingForAnOlderKernel() async throws {
        let bench = try Bench(["/proc/version": Self.version], ["cc -dumpversion": FakeRunner.says("13\n")])
        #expect(try await KernelCompiler.choose(bench.context(), .driver, installing: true).isWarning)
        #expect(bench.runner.ran == ["cc -dumpversion"])
    }
}
