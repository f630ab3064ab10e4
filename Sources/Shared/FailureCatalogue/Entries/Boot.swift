import Contract

extension CatalogueEntry {
    /// What a console shows of a boot that does not come to an end.
    static let boot: [CatalogueEntry] = [
        CatalogueEntry(
            "boot.root-not-mounted", .guestPanicked, .guest, [.console], .root,
            says: ["Unable to mount root fs on {device}", "VFS: Cannot open root device"],
            message: "The guest's kernel cannot mount its root file system.",
            remedy:
                "Its initramfs lacks the disk's driver, or is missing or damaged: try another --disk-bus, or restore the"
                + " initramfs that was kept beside it (…before-gpu)."),
        CatalogueEntry(
            "boot.kernel-panic", .guestPanicked, .guest, [.console, .guestKernel], .general,
            says: ["Kernel panic - not syncing", "end Kernel panic", "Kernel panic"],
            message: "The guest's kernel panicked.",
            remedy:
                "Read the console's last lines. If the initramfs was rebuilt, restore the one that was kept beside it"
                + " (…before-gpu)."),
        CatalogueEntry(
            "boot.no-bootable-device", .guestDidNotBoot, .guest, [.console], .root,
            says: ["No bootable device", "No bootable option or device was found"],
            message: "The firmware found nothing to boot on the image.",
            remedy: "Is it a bootable disk image? If it is made for UEFI, choose that firmware (--firmware uefi)."),
        CatalogueEntry(
            "boot.boot-loader", .guestDidNotBoot, .guest, [.console], .root,
            says: ["grub rescue>", "Entering rescue mode...", "Minimal BASH-like line editing is supported"],
            message: "The guest's boot loader cannot find its files.",
            remedy: "Boot the image elsewhere and reinstall its boot loader; or try another --disk-bus."),
        CatalogueEntry(
            "boot.initrd-unpack", .guestDidNotBoot, .guest, [.console, .guestKernel], .cause,
            says: [
                "Initramfs unpacking failed", "junk at end of compressed archive",
                "invalid magic at start of compressed",
            ],
            message: "The kernel cannot unpack its initramfs.",
            remedy:
                "Restore the initramfs that was kept beside it (…before-gpu), then rebuild it with enough space in /boot."
        ),
        CatalogueEntry(
            "boot.root-not-found", .guestDidNotBoot, .guest, [.console], .root,
            says: [
                "Gave up waiting for root", "dracut-initqueue timeout", "dracut-initqueue: timeout",
                "dracut-initqueue[…]: Warning: … timeout", "dracut Warning: Could not boot", "Warning: Could not boot.",
                "ALERT! {device} does not exist. Dropping to a shell", "ALERT! {device} does not exist",
            ],
            message: "The guest's initramfs does not find the root file system.",
            remedy:
                "Its initramfs may lack the disk's driver: try --disk-bus sata (or ide with --machine pc); or restore the"
                + " initramfs that was kept beside it (…before-gpu)."),
        CatalogueEntry(
            "boot.emergency-mode", .guestDidNotBoot, .guest, [.console], .general,
            says: [
                "You are in emergency mode", "Give root password for maintenance", "Entering emergency mode",
                "Welcome to emergency mode", "Cannot open access to console, the root account is locked",
            ],
            message: "The guest's boot ended in emergency mode.",
            remedy: "Read the console's last lines: a file system of /etc/fstab is missing or damaged."),
        CatalogueEntry(
            "boot.soft-lockup", .guestDidNotBoot, .guest, [.console, .guestKernel], .general,
            says: ["BUG: soft lockup - CPU#", "watchdog: BUG: soft lockup"],
            message: "A processor of the guest stood still for long.",
            remedy: "The host is overloaded, or a device does not answer: look at the host, then at the call trace.",
            retryable: true),
        CatalogueEntry(
            "boot.out-of-memory", .guestDidNotBoot, .guest, [.console, .guestKernel], .cause,
            says: [
                "Out of memory: Killed process {process}", "Out of memory: Kill process {process}",
                "Out of memory and no killable processes",
            ],
            message: "The guest ran out of memory.", remedy: "Give it more with --memory.", retryable: false),
    ]
}
