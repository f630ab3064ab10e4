import Contract

extension CatalogueEntry {
    /// What the guest's firmware and PCI do to a GPU. Sources: kernel-open/nvidia of NVIDIA/open-gpu-kernel-modules, the
    /// project's failure list.
    static let firmware: [CatalogueEntry] = [
        CatalogueEntry(
            "pci.no-window", .driverLoad, .host, [.guestKernel], .root,
            says: [
                "This PCI I/O region assigned to your NVIDIA device is invalid", "is 0M @ 0x0",
                "no output at all with OVMF",
            ],
            message: "The firmware gave the GPU no memory window.",
            remedy: "Start the VM with a larger MMIO window, computed from the GPU's BARs (OVMF: fw_cfg"
                + " opt/ovmf/X-PciMmio64Mb)."),
        CatalogueEntry(
            "pci.vm-lock", .driverLoad, .host, [.tool, .guestKernel], .root,
            says: [
                "Unable to determine the device handle for GPU … Unknown Error",
                "Unable to determine the device handle for GPU", "Unable to detect the device handle",
                "Windows Code 43", "(Code 43)",
            ],
            message:
                "The driver refuses a GeForce card that it finds in a virtual machine (drivers before 465), or the GPU"
                + " stopped answering.",
            remedy:
                "Hide the hypervisor: kvm=off and hv-vendor-id in -cpu; or use driver 465 or later. If the kernel's log"
                + " says that the GPU is off the bus, look there.", yieldsTo: ["gpu.off-the-bus"]),
        CatalogueEntry(
            "pci.no-irq", .driverLoad, .guest, [.guestKernel], .root,
            says: ["Can't find an IRQ for your NVIDIA card", "has it and is not sharing it"],
            message: "The GPU has no interrupt in this machine.",
            remedy: "Use MSI (NVreg_EnableMSI=1, the default) and the q35 machine."),
    ]
}
