import Contract

/// What a machine is, as seen by a login that changes nothing, before anybody is asked whether it may be changed.
struct MachineSurvey: Codable, Equatable, Sendable {
    /// `uname -n`.
    var name = ""
    var architecture = ""
    var kernel = ""
    /// os-release's PRETTY_NAME.
    var system = ""
    /// As systemd-detect-virt says: "kvm", "amazon", "none" for bare metal; empty where it cannot say.
    var virtualization = ""
    /// The kind of container that this is; empty for none.
    var container = ""
    var runsSystemd = false
    /// PCI display controllers of NVIDIA's, by address.
    var gpus: [String] = []
    /// QEMU's edu devices, by address.
    var simulatedGPUs: [String] = []
    /// Other display controllers: "0000:00:02.0 8086:9a49".
    var otherDisplays: [String] = []

    /// Prints the facts, a line each. Builtins of the shell where there may be hundreds of devices.
    static let script = """
        export LC_ALL=C
        echo "name=$(uname -n)"
        echo "architecture=$(uname -m)"
        echo "kernel=$(uname -r)"
        [ -r /etc/os-release ] && sed -n 's/^PRETTY_NAME=/system=/p' /etc/os-release
        echo "virtualization=$(systemd-detect-virt --vm 2>/dev/null)"
        echo "container=$(systemd-detect-virt --container 2>/dev/null)"
        [ -d /run/systemd/system ] && echo systemd=yes
        for d in /sys/bus/pci/devices/*; do
            read -r vendor <"$d/vendor" && read -r device <"$d/device" && read -r class <"$d/class" || continue
            echo "pci=${d##*/} $vendor $device $class"
        done 2>/dev/null
        true
        """

    init() {}

    /// Reads what the script printed. Nothing of it is trusted beyond being shown and counted.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = Printable.line(line[line.index(after: equals)...], limit: 200)
            switch line[..<equals] {
            case "name": name = value
            case "architecture": architecture = value
            case "kernel": kernel = value
            case "system": system = value.filter { $0 != "\"" }
            case "virtualization": virtualization = value
            case "container": container = value == "none" ? "" : value
            case "systemd": runsSystemd = value == "yes"
            case "pci": add(value.split(separator: " ").map(String.init))
            default: break
            }
        }
    }

    private mutating func add(_ words: [String]) {
        guard words.count == 4, gpus.count + otherDisplays.count + simulatedGPUs.count < 1000 else { return }
        let (address, vendor, device, classCode) = (words[0], words[1], words[2], words[3])
        if vendor == "0x1234" && device == "0x11e8" { return simulatedGPUs.append(address) }
        // 0300 VGA, 0302 3D controller.
        guard classCode.hasPrefix("0x0300") || classCode.hasPrefix("0x0302") else { return }
        if vendor == "0x10de" {
            gpus.append(address)
        } else {
            otherDisplays.append("\(address) \(vendor.dropFirst(2)):\(device.dropFirst(2))")
        }
    }

    /// The GPUs that the machine is to have when it is done: those that it has.
    func expectedGPUs(simulated: Bool) -> [ExpectedGPU] {
        simulated ? [.simulated] : [ExpectedGPU(vendor: "10de", device: nil, count: gpus.count, simulated: false)]
    }

    /// All that speaks against working on this machine.
    func problems(simulated: Bool) -> [Failure] {
        var problems: [Failure] = []
        func refuse(_ code: FailureCode, _ message: String, _ evidence: [String], _ remedy: String) {
            problems.append(
                Failure(
                    code, operation: "look at the machine", message: message, evidence: evidence, remedy: remedy,
                    side: .guest))
        }
        let seen = ["\(name): \(words)"]
        if architecture != "x86_64" {
            refuse(
                .guestUnsupported, "The machine is \(architecture.isEmpty ? "of an unknown kind" : architecture).",
                seen,
                "Only x86_64 machines are provisioned.")
        }
        if !container.isEmpty {
            refuse(
                .guestUnsupported, "This is a container (\(container)): it has no kernel of its own for a driver.",
                seen,
                "Attach to the machine that it runs on.")
        } else if !runsSystemd {
            refuse(
                .guestUnsupported, "The machine does not run systemd, by which the agent goes on after a reboot.", seen,
                "Use a machine that boots with systemd.")
        }
        if simulated ? simulatedGPUs.isEmpty : gpus.isEmpty {
            refuse(
                .gpuNotVisible,
                simulated
                    ? "The machine has no edu device (1234:11e8)." : "The machine has no NVIDIA GPU on its PCI bus.",
                otherDisplays.map { "display controller \($0)" },
                simulated
                    ? "Start it with QEMU's `-device edu`."
                    : "See `lspci -nn` there. A GPU that is passed through to a VM, or not to this one, is not its own."
            )
        }
        return problems
    }

    /// "Debian GNU/Linux 12 (bookworm), kernel 6.1.0, a virtual machine (kvm)".
    var words: String {
        let place =
            switch virtualization {
            case "none": "bare metal"
            case "": "of an unknown make"
            default: "a virtual machine (\(virtualization))"
            }
        return "\(system.isEmpty ? "an unknown system" : system), kernel \(kernel), \(place)"
    }

    /// What a person is asked before anything is changed.
    func question(machine: String, recipe: Recipe, simulated: Bool) -> String {
        let count = simulated ? simulatedGPUs.count : gpus.count
        let gpus = "\(count) \(simulated ? "simulated" : "NVIDIA") GPU\(count == 1 ? "" : "s")"
        let work =
            (recipe.driver.map { ["driver \($0.version)"] } ?? []) + recipe.toolkits.map { "CUDA \($0.version)" }
        guard !work.isEmpty else {
            return """
                \(machine) is \(name): \(words), with \(gpus).
                This installs and starts a service there that reads its GPUs, and changes nothing else. Go on?
                """
        }
        return """
            \(machine) is \(name): \(words), with \(gpus).
            This installs \(work.joined(separator: " and ")) there, changes how it boots, and MAY REBOOT IT, more than \
            once: all who work on it are cut off. Go on?
            """
    }
}
