import Passthrough
import Telemetry

/// QEMU's arguments for a machine, without the executable. Pure: the same specification, the same arguments.
///
/// Every device has a fixed PCI address, so that leaving one out later (a payload drive, the seed, a GPU) renames
/// neither the guest's NIC nor its disks.
public func qemuArguments(for spec: MachineSpecification) -> [String] {
    argumentSections(for: spec).flatMap(\.arguments)
}

/// Arguments that belong together, and a line that says what they are for.
struct ArgumentSection {
    var title: String
    var arguments: [String]
}

/// ``qemuArguments(for:)`` in sections. Empty ones are left out.
func argumentSections(for spec: MachineSpecification) -> [ArgumentSection] {
    [
        ArgumentSection(title: "The machine, its processors and its memory", arguments: basics(spec)),
        ArgumentSection(title: "UEFI", arguments: firmwareArguments(spec.firmware)),
        ArgumentSection(
            title: "A window for the GPUs' memory, computed from their BARs", arguments: windowArguments(spec)),
        ArgumentSection(title: "Screen, serial port and monitors", arguments: consoleArguments(spec)),
        ArgumentSection(
            title: "Network: SSH and what else is forwarded, from this host alone", arguments: networkArguments(spec)),
        ArgumentSection(title: "The root disk", arguments: rootDiskArguments(spec)),
        ArgumentSection(
            title: "Entropy",
            arguments: [
                "-object", "rng-random,id=rng0,filename=/dev/urandom",
                "-device", "virtio-rng-pci,rng=rng0,\(spec.slot(.rng))",
            ]),
        ArgumentSection(title: "What the guest tells of its GPUs", arguments: telemetryArguments(spec)),
        ArgumentSection(title: "The NoCloud seed", arguments: seedArguments(spec)),
        ArgumentSection(title: "Files for the guest, each a read-only drive", arguments: payloadArguments(spec)),
        ArgumentSection(
            title: "The GPU and what belongs to it",
            arguments: spec.gpus.enumerated().flatMap { gpuArguments($1, index: $0, spec) }),
        ArgumentSection(
            title: "Credentials, read by the guest from SMBIOS",
            arguments: spec.smbiosStrings.flatMap { ["-smbios", "type=11,value=\(escaped($0))"] }),
        ArgumentSection(title: "As asked for", arguments: spec.extraArguments),
    ].filter { !$0.arguments.isEmpty }
}

/// A virtio-serial port whose other end is a socket. It needs neither a network nor a login, and a guest without a sampler
/// never notices it.
private func telemetryArguments(_ spec: MachineSpecification) -> [String] {
    let socket = escaped(MachineFolder(spec.folder).socketArgument(MachineFolder.telemetryName))
    return [
        "-chardev", "socket,id=telemetry0,path=\(socket),server=on,wait=off",
        // Port 0 is a console's.
        "-device", "virtio-serial-pci,id=telemetry-bus,max_ports=2,\(spec.slot(.telemetry))",
        "-device",
        "virtserialport,id=telemetry-port,bus=telemetry-bus.0,nr=1,chardev=telemetry0,name=\(TelemetryLimits.portName)",
    ]
}

private func seedArguments(_ spec: MachineSpecification) -> [String] {
    guard let seed = spec.seedFolder else { return [] }
    // vvfat shows a folder as a partitioned FAT drive: a NoCloud seed without any image tool.
    return [
        "-blockdev",
        "driver=raw,node-name=seed,read-only=on,file.driver=vvfat,file.dir=\(escaped(seed)),file.label=cidata,"
            + "file.floppy=off",
        "-device", "virtio-blk-pci,id=seed-drive,drive=seed,\(spec.slot(.seed))",
    ]
}

private func payloadArguments(_ spec: MachineSpecification) -> [String] {
    spec.payloads.enumerated().flatMap { index, payload in
        let node = "payload\(index)"
        return [
            "-blockdev",
            "driver=raw,node-name=\(node),read-only=on,file.driver=file,file.filename=\(escaped(payload.path))",
            "-device",
            "virtio-blk-pci,id=\(node)-drive,drive=\(node),serial=\(escaped(payload.serial)),"
                + spec.payloadSlot(index),
        ]
    }
}

/// Device numbers on the root bus, alike on both machine types. 0 is the host bridge, 1 the PIIX on `pc`, 31 (0x1f)
/// the ICH9 on `q35`.
private enum Slot: Int {
    case vga = 0x02
    case nic = 0x03
    case disk = 0x04
    case rng = 0x05
    case seed = 0x06
    case telemetry = 0x07
    case firstPayload = 0x08
    case firstGPU = 0x10
}

extension MachineSpecification {
    fileprivate var rootBus: String { machine == .q35 ? "pcie.0" : "pci.0" }

    fileprivate func slot(_ slot: Slot, plus offset: Int = 0) -> String {
        "bus=\(rootBus),addr=0x\(String(slot.rawValue + offset, radix: 16))"
    }

    /// The first drives are devices of their own; further ones are further functions of these devices, row by row.
    fileprivate func payloadSlot(_ index: Int) -> String {
        let device = slot(.firstPayload, plus: index % Self.payloadDevices)
        let function = index / Self.payloadDevices
        if function > 0 { return "\(device).0x\(String(function, radix: 16))" }
        // A guest looks for further functions only where function 0 says that there are some.
        return device + (index + Self.payloadDevices < payloads.count ? ",multifunction=on" : "")
    }
}

/// In QEMU's option lists a comma ends a value; a doubled comma is a comma.
private func escaped(_ value: String) -> String {
    value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
}

private func basics(_ spec: MachineSpecification) -> [String] {
    let memory = memoryBackend(spec)
    return [
        // No user configuration and no default devices: what is not written here is not there.
        "-no-user-config", "-nodefaults",
        "-name", "guest=\(escaped(spec.name))",
        // graphics=off makes SeaBIOS speak on the serial port as well: "No bootable device" and GRUB's rescue prompt then
        // stand in serial.log. The VGA device stays.
        "-machine", "\(spec.machine.rawValue),graphics=off" + (memory.isEmpty ? "" : ",memory-backend=ram0"),
        "-accel", spec.accelerator == .kvm ? "kvm" : "tcg,thread=multi",
        "-cpu", cpuModel(spec),
        "-smp", "cpus=\(spec.cpus),sockets=1,cores=\(spec.cpus),threads=1",
        "-m", "\(spec.memoryBytes >> 20)M",
        // The root disk or nothing: no network boot, and no payload drive taken for a system.
        "-boot", "strict=on",
    ] + memory
}

/// The guest's memory as an object of its own, where it is to be of hugepages or to come from one NUMA node.
private func memoryBackend(_ spec: MachineSpecification) -> [String] {
    var options: String
    let size = "id=ram0,size=\(spec.memoryBytes >> 20)M"
    if let page = spec.hugepageBytes {
        // Preallocated: a page that is not there is told at the start, and does not kill the guest at its first touch.
        options = "memory-backend-memfd,\(size),hugetlb=on,hugetlbsize=\(page >> 20)M,prealloc=on"
    } else if spec.numa != nil {
        options = "memory-backend-ram,\(size)"
    } else {
        return []
    }
    if let node = spec.numa?.node { options += ",host-nodes=\(node),policy=bind" }
    return ["-object", options]
}

private func windowArguments(_ spec: MachineSpecification) -> [String] {
    guard let high = spec.windows?.high else { return [] }
    let host = spec.machine == .q35 ? "q35-pcihost" : "i440FX-pcihost"
    var arguments = ["-global", "\(host).pci-hole64-size=\(high >> 30)G"]
    if case .uefi = spec.firmware {
        arguments += ["-fw_cfg", "name=opt/ovmf/X-PciMmio64Mb,string=\(high >> 20)"]
    }
    return arguments
}

private func cpuModel(_ spec: MachineSpecification) -> String {
    guard spec.accelerator == .kvm else { return "max" }
    var model = "host"
    if spec.windows?.high != nil || spec.gpus.count(where: { if case .vfio = $0 { true } else { false } }) > 1 {
        // 40 address bits leave no room for the windows of large GPUs (failures: "-14 (Bad address), the fourth GPU fails").
        // Without one, QEMU's default for this model is as good.
        model += ",host-phys-bits=on"
    }
    if spec.hideHypervisor {
        // At most 12 characters fit into the CPUID registers.
        model += ",kvm=off,hv-vendor-id=provisiongpu"
    }
    return model
}

private func firmwareArguments(_ firmware: Firmware) -> [String] {
    guard case .uefi(let code, let variables) = firmware else { return [] }
    return [
        "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(escaped(code))",
        "-drive", "if=pflash,format=raw,unit=1,file=\(escaped(variables))",
    ]
}

private func consoleArguments(_ spec: MachineSpecification) -> [String] {
    let folder = MachineFolder(spec.folder)
    let display: [String] =
        switch spec.display {
        case .none: ["-display", "none"]
        case .vncLoopback(let number): ["-display", "none", "-vnc", "127.0.0.1:\(number)"]
        case .vncSocket(let path): ["-display", "none", "-vnc", "unix:\(escaped(path))"]
        }
    let sockets = [MachineFolder.qmpName, MachineFolder.monitorName].flatMap { name in
        ["-qmp", "unix:\(escaped(folder.socketArgument(name))),server=on,wait=off"]
    }
    return display
        + [
            // The boot VGA; a passed-through GPU is never the first one and keeps its ROM unshadowed.
            "-device", "VGA,id=vga,\(spec.slot(.vga))",
            // A file, not a pipe: a pipe would block the guest or die with this process.
            "-chardev", "file,id=serial0,path=\(escaped(folder.serialLog)),append=on",
            "-serial", "chardev:serial0",
            // The guest's kernel tells of its panic even where its console is not the serial port.
            "-device", "pvpanic",
        ] + sockets
}

private func networkArguments(_ spec: MachineSpecification) -> [String] {
    let ports = [PortForward(host: spec.sshPort, guest: 22)] + (spec.forwards ?? [])
    return [
        "-netdev", "user,id=net0," + ports.map(\.argument).joined(separator: ","),
        // No boot ROM: nothing boots from the network, and the ROM files are a package of their own.
        "-device", "\(spec.nic.device),id=nic0,netdev=net0,mac=\(spec.macAddress),romfile=,\(spec.slot(.nic))",
    ]
}

private func rootDiskArguments(_ spec: MachineSpecification) -> [String] {
    let disk = [
        "-blockdev",
        "driver=qcow2,node-name=disk,discard=unmap,file.driver=file,file.discard=unmap,"
            + "file.filename=\(escaped(spec.diskPath))",
    ]
    // SeaBIOS otherwise tries the first virtio-blk it finds, which may be a payload drive.
    let boot = "id=root-drive,drive=disk,bootindex=0"
    switch (spec.diskBus, spec.machine) {
    case (.virtio, _):
        return disk + ["-device", "virtio-blk-pci,\(boot),\(spec.slot(.disk))"]
    case (.scsi, _):
        return disk + [
            "-device", "virtio-scsi-pci,id=scsi0,\(spec.slot(.disk))", "-device", "scsi-hd,\(boot),bus=scsi0.0",
        ]
    case (.sata, .pc):
        return disk + ["-device", "ich9-ahci,id=ahci0,\(spec.slot(.disk))", "-device", "ide-hd,\(boot),bus=ahci0.0"]
    case (.sata, .q35), (.ide, _):
        // The chipset's own controller: AHCI on q35, PIIX on pc.
        return disk + ["-device", "ide-hd,\(boot),bus=ide.0"]
    }
}

/// On q35 each GPU sits behind a root port of its own; on pc, and where an address is asked for, on the root bus itself.
private func gpuArguments(_ gpu: GPUAttachment, index: Int, _ spec: MachineSpecification) -> [String] {
    let name = "gpu\(index)"
    let options = spec.gpuOptions ?? GPUOptions()
    let device = "bus=\(spec.rootBus),addr=0x\(String((options.address ?? Slot.firstGPU.rawValue) + index, radix: 16))"
    let onPort = spec.machine == .q35 && options.address == nil
    var port = "pcie-root-port,id=\(name)-port,chassis=\(index + 1),slot=\(index + 1),\(device)"
    if gpu == .awaited, let windows = spec.windows, index < windows.reserves.count {
        let reserve = windows.reserves[index]
        port += ",mem-reserve=\(reserve.memory >> 20)M,pref64-reserve=\(reserve.prefetchable >> 20)M"
    }
    func place(function: Int) -> String {
        onPort ? "bus=\(name)-port,addr=0x0.0x\(function)" : "\(device).0x\(function)"
    }
    var arguments = onPort ? ["-device", port] : []
    if gpu == .simulated { arguments += ["-device", "edu,id=\(name),\(place(function: 0))"] }
    let functions = gpu.functions
    for (number, address) in functions {
        let isGPU = gpu.primary == address
        var words = [
            "vfio-pci", "id=\(name)" + (isGPU ? "" : "-\(number)"), "host=\(address)", place(function: number),
        ]
        // A guest looks for further functions only where function 0 says that there are some.
        if number == 0 && functions.count > 1 { words.append("multifunction=on") }
        if isGPU {
            if let file = options.romFile { words.append("romfile=\(escaped(file))") }
            if !options.hasROM { words.append("rombar=0") }
            words += options.properties.map { "\($0.key)=\(escaped($0.value))" }
        }
        arguments += ["-device", words.joined(separator: ",")]
    }
    return arguments
}
