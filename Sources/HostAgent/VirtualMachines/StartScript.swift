import Host
import Passthrough

/// A /bin/sh script that starts the same machine without this tool. Pure.
///
/// It takes a folder for sockets and logs as its argument, or makes one; QEMU, the root disk and the seed can be named by
/// variables. It checks that the devices are on vfio-pci, lifts the limit on locked memory and becomes QEMU, with the
/// arguments of ``qemuArguments(for:)``, one option a line. Every value is quoted as ``shellQuote(_:)`` does.
public func startScript(for spec: MachineSpecification) -> String {
    var spec = spec
    var variables = ScriptVariables()
    var settings = [
        "qemu=${QEMU:-qemu-system-x86_64}",
        "disk=${DISK:-\(shellQuote(spec.diskPath))}",
    ]
    spec.diskPath = variables.path("disk")
    if let seed = spec.seedFolder {
        settings.append("seed=${SEED:-\(shellQuote(seed))}")
        spec.seedFolder = variables.path("seed")
    }
    let folder = spec.folder
    spec.folder = variables.path("folder")
    if case .vncSocket(let path) = spec.display, path.hasPrefix(folder + "/") {
        spec.display = .vncSocket(path: spec.folder + path.dropFirst(folder.count))
    }
    var firmware: [String] = []
    if case .uefi(let code, let template) = spec.firmware {
        spec.firmware = .uefi(code: code, variables: spec.folder + "/uefi-variables.fd")
        firmware = [
            "# The guest's own UEFI variables, begun as a copy.",
            #"[ -e "$folder/uefi-variables.fd" ] || cp \#(shellQuote(template)) "$folder/uefi-variables.fd""#,
        ]
    }
    let sections = argumentSections(for: spec).map { section in
        (["# \(section.title)"] + [
            "set -- \"$@\" \\\n    \(variables.lines(section.arguments).joined(separator: " \\\n    "))"
        ])
        .joined(separator: "\n")
    }
    let parts = [
        heading(spec), settings.joined(separator: "\n"), preparation(spec), passthroughChecks(spec),
        hugepageCheck(spec), firmware.joined(separator: "\n"), commas(variables), "set --",
        sections.joined(separator: "\n"), start(spec),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
}

/// Paths that the script's variables hold. In the arguments a NUL stands around a variable's name: no argument can have one.
private struct ScriptVariables {
    private(set) var names: [String] = []

    /// Absolute in form, as a specification has them.
    mutating func path(_ name: String) -> String {
        names.append(name)
        return "/\0\(name)\0"
    }

    /// A word as the shell reads it.
    func word(_ argument: String) -> String {
        argument.split(separator: "\0", omittingEmptySubsequences: false).enumerated().map { index, part in
            if index % 2 == 1 { return "\"$\(part)\"" }
            // The slash is the variable's own.
            let literal = index < argument.count(where: { $0 == "\0" }) && part.hasSuffix("/") ? part.dropLast() : part
            return literal.isEmpty && argument.contains("\0") ? "" : shellQuote(String(literal))
        }.joined()
    }

    /// An option and its value on one line.
    func lines(_ arguments: [String]) -> [String] {
        var lines: [String] = []
        for argument in arguments {
            if !argument.hasPrefix("-"), let last = lines.last, last.hasPrefix("-"), !last.contains(" ") {
                lines[lines.count - 1] = "\(last) \(word(argument))"
            } else {
                lines.append(word(argument))
            }
        }
        return lines
    }
}

private func heading(_ spec: MachineSpecification) -> String {
    // A name is free text: it must not end the comment.
    let name = spec.name.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }.joined()
    return """
        #!/bin/sh
        # Starts the virtual machine \(name).
        # Usage: sh THIS-FILE [FOLDER]
        #   FOLDER takes the monitors' sockets and the logs; without it one is made.
        #   QEMU, DISK\(spec.seedFolder == nil ? "" : ", SEED") in the environment stand in for the program and the paths below.
        # Its SSH port is \(spec.sshPort) of 127.0.0.1.
        set -eu
        """
}

private func preparation(_ spec: MachineSpecification) -> String {
    """
    fail() { echo "$0: $1" >&2; exit 1; }
    command -v "$qemu" >/dev/null || fail "there is no $qemu; install it, or name it with QEMU="
    [ -r "$disk" ] || fail "the disk $disk cannot be read; name it with DISK="
    folder=${1:-$(mktemp -d "${TMPDIR:-/tmp}/vm.XXXXXX")}
    mkdir -p "$folder"
    chmod 700 "$folder"
    echo "sockets and logs: $folder" >&2
    """
}

private func passthroughChecks(_ spec: MachineSpecification) -> String {
    guard !spec.passedFunctions.isEmpty else { return "" }
    let kibibytes = spec.memoryBytes >> 10
    return """
        # Every function of the card must be on vfio-pci; SYSFS is for tests.
        for function in \(spec.passedFunctions.map(\.description).joined(separator: " ")); do
            driver=$(readlink "${SYSFS:-/sys}/bus/pci/devices/$function/driver") || driver=none
            case ${driver##*/} in
                vfio-pci | *-vfio-pci | *_vfio_pci) ;;
                *) fail "$function is on ${driver##*/}, not on vfio-pci: provision-gpu-vm bind $function" ;;
            esac
        done

        # VFIO pins all of the guest's memory. Not in POSIX, and in every shell that is a /bin/sh on Linux:
        # shellcheck disable=SC3045
        {
            ulimit -l unlimited 2>/dev/null || ulimit -l "$(ulimit -H -l)"
            limit=$(ulimit -l)
        }
        if [ "$limit" != unlimited ] && [ "$limit" -lt \(kibibytes) ] && [ "$(id -u)" != 0 ]; then
            fail "the guest pins \(kibibytes) KiB of memory, and ulimit -l allows $limit: raise memlock in limits.conf"
        fi
        """
}

private func hugepageCheck(_ spec: MachineSpecification) -> String {
    guard let page = spec.hugepageBytes else { return "" }
    let count = spec.memoryBytes / page
    let pool = "hugepages-\(page >> 10)kB/free_hugepages"
    let file =
        spec.numa.map { "${SYSFS:-/sys}/devices/system/node/node\($0.node)/hugepages/\(pool)" }
        ?? "${SYSFS:-/sys}/kernel/mm/hugepages/\(pool)"
    return """
        # The guest's memory: \(count) hugepages of \(page >> 20) MiB
        free=$(cat "\(file)") || free=0
        [ "$free" -ge \(count) ] || fail "the guest takes \(count) hugepages; $free are free"
        """
}

/// In QEMU's option lists a comma ends a value; a doubled one is a comma.
private func commas(_ variables: ScriptVariables) -> String {
    let lines = variables.names.map { "\($0)=$(printf %s \"$\($0)\" | sed 's/,/,,/g')" }
    return (["# QEMU ends a value at a comma, unless it is doubled."] + lines).joined(separator: "\n")
}

private func start(_ spec: MachineSpecification) -> String {
    guard let numa = spec.numa else { return #"exec "$qemu" "$@""# }
    return """
        # The processors of NUMA node \(numa.node), where the GPU is
        exec taskset -c \(numa.cpuList) "$qemu" "$@"
        """
}
