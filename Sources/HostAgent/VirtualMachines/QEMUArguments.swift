import Passthrough

/// QEMU's arguments for a machine, without the executable. Pure: the same specification, the same arguments.
///
/// Every device has a fixed PCI address, so that leaving one out later (a payload drive, the seed, a GPU) renames
/// neither the guest's NIC nor its disks.
public func qemuArguments(for spec: MachineSpecification) -> [String] {
    var arguments = basics(spec)
    arguments += firmwareArguments(spec.firmware)
    arguments += consoleArguments(spec)
    arguments += networkArguments(spec)
    arguments += rootDiskArguments(spec)
    arguments += ["-object", "rng-random,id=rng0,filename=/dev/urandom"]
    arguments += ["-device", "virtio-rng-pci,rng=rng0,\(spec.slot(.rng))"]
    if let seed = spec.seedFolder {
        // vvfat shows a folder as a partitioned FAT drive: a NoCloud seed without any image tool.
        arguments += [
            "-blockdev",
            "driver=raw,node-name=seed,read-only=on,file.driver=vvfat,file.dir=\(escaped(seed)),file.label=cidata,"
                + "file.floppy=off",
        ]
        arguments += ["-device", "virtio-blk-pci,id=seed-drive,drive=seed,\(spec.slot(.seed))"]
    }
    for (index, payload) in spec.payloads.enumerated() {
        let node = "payload\(index)"
        arguments += [
            "-blockdev",
            "driver=raw,node-name=\(node),read-only=on,file.driver=file,file.filename=\(escaped(payload.path))",
        ]
        arguments += [
            "-device",
            "virtio-blk-pci,id=\(node)-drive,drive=\(node),serial=\(escaped(payload.serial)),"
                + spec.payloadSlot(index),
        ]
    }
    for (index, gpu) in spec.gpus.enumerated() {
        arguments += gpuArguments(gpu, index: index, spec)
    }
    for value in spec.smbiosStrings {
        arguments += ["-smbios", "type=11,value=\(escaped(value))"]
    }
    return arguments + spec.extraArguments
}

/// Device numbers on the root bus, alike on both machine types. 0 is the host bridge, 1 the PIIX on `pc`, 31 (0x1f)
/// the ICH9 on `q35`.
private enum Slot: Int {
    case vga = 0x02
    case nic = 0x03
    case disk = 0x04
    case rng = 0x05
    case seed = 0x06
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
    [
        // No user configuration and no default devices: what is not written here is not there.
        "-no-user-config", "-nodefaults",
        "-name", "guest=\(escaped(spec.name))",
        // graphics=off makes SeaBIOS speak on the serial port as well: "No bootable device" and GRUB's rescue prompt then
        // stand in serial.log. The VGA device stays.
        "-machine", "\(spec.machine.rawValue),graphics=off",
        "-accel", spec.accelerator == .kvm ? "kvm" : "tcg,thread=multi",
        "-cpu", cpuModel(spec),
        "-smp", "cpus=\(spec.cpus),sockets=1,cores=\(spec.cpus),threads=1",
        "-m", "\(spec.memoryBytes >> 20)M",
        // The root disk or nothing: no network boot, and no payload drive taken for a system.
        "-boot", "strict=on",
    ]
}

private func cpuModel(_ spec: MachineSpecification) -> String {
    guard spec.accelerator == .kvm else { return "max" }
    var model = "host"
    if spec.gpus.contains(where: { if case .vfio = $0 { true } else { false } }) {
        // The default of 40 address bits leaves no room for the windows of several large GPUs (failures: "-14 (Bad
        // address), the fourth GPU fails").
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
    [
        "-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:\(spec.sshPort)-:22",
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

/// On q35 each GPU sits behind a root port of its own, on pc on the bus itself.
private func gpuArguments(_ gpu: GPUAttachment, index: Int, _ spec: MachineSpecification) -> [String] {
    let name = "gpu\(index)"
    let onPort = spec.machine == .q35
    let port =
        onPort
        ? [
            "-device",
            "pcie-root-port,id=\(name)-port,chassis=\(index + 1),slot=\(index + 1),"
                + spec.slot(.firstGPU, plus: index),
        ] : []
    func place(function: Int) -> String {
        onPort
            ? "bus=\(name)-port,addr=0x0.0x\(function)"
            : "\(spec.slot(.firstGPU, plus: index)).0x\(function)"
    }
    switch gpu {
    case .simulated:
        return port + ["-device", "edu,id=\(name),\(place(function: 0))"]
    case .vfio(let address, let companions):
        let multifunction = companions.isEmpty ? "" : ",multifunction=on"
        let first = ["-device", "vfio-pci,id=\(name),host=\(address),\(place(function: 0))\(multifunction)"]
        let others = companions.enumerated().flatMap { offset, companion in
            ["-device", "vfio-pci,id=\(name)-\(offset + 1),host=\(companion),\(place(function: offset + 1))"]
        }
        return port + first + others
    }
}
