extension DriverInstaller {
    /// The options by first version, in the order of their coming.
    public static let flags: [Flag] = [
        Flag("--silent", ["-s"]),
        Flag("--no-questions", ["-q"]),
        Flag("--ui", takesValue: true),
        Flag("--kernel-name", ["-k"], takesValue: true),
        Flag("--kernel-source-path", takesValue: true),
        Flag("--log-file-name", takesValue: true),
        Flag("--tmpdir", takesValue: true),
        Flag("--uninstall"),
        Flag("--sanity"),
        Flag("--no-backup", ["-b"]),
        Flag("--no-precompiled-interface", ["-n"]),
        Flag("--accept-license", ["-a"]),  // does nothing from 390.42
        Flag("--no-cc-version-check"),  // does nothing from 515
        Flag("--no-x-check"),
        Flag("--update", removedAt: "384"),
        Flag("--latest", removedAt: "384"),
        Flag("--ftp-mirror", removedAt: "384", takesValue: true),
        Flag("--opengl-headers", removedAt: "410"),
        Flag("--no-nouveau-check", ["-z"], since: ["256.44"]),
        Flag("--no-opengl-files", since: ["295.17"]),
        Flag("--dkms", since: ["304"]),  // the default from 520.56.06
        Flag("--disable-nouveau", ["-Z"], since: ["304.32"]),  // the default from 545.23.06
        Flag("--module-signing-secret-key", since: ["319"], takesValue: true),
        Flag("--module-signing-public-key", since: ["319"], takesValue: true),
        Flag("--module-signing-script", since: ["319"], takesValue: true),
        Flag("--module-signing-hash", since: ["319"], takesValue: true),
        Flag("--module-signing-key-path", since: ["319"], takesValue: true),
        Flag("--no-check-for-alternate-installs", since: ["325"]),
        Flag("--no-unified-memory", since: ["331.17"]),  // CUDA does not work without unified memory
        Flag("--concurrency-level", ["-j"], since: ["346"], takesValue: true),
        Flag("--install-compat32-libs", ["--no-install-compat32-libs"], since: ["346"]),
        Flag("--install-libglvnd", ["--no-install-libglvnd"], since: ["361"]),
        Flag("--no-drm", since: ["375.66", "381.22", "384"]),
        Flag("--skip-depmod", since: ["418"]),
        Flag("--systemd", ["--no-systemd"], since: ["465"]),
        Flag("--kernel-module-build-directory", ["-m"], since: ["470"], takesValue: true),
        Flag("--no-peermem", since: ["470.86", "495.44", "510"]),
        Flag("--kernel-modules-only", ["--kernel-module-only"], since: ["515"]),
        Flag("--no-kernel-modules", ["--no-kernel-module"], since: ["515"]),
        Flag("--no-dkms", since: ["520.56.06"]),
        Flag("--rebuild-initramfs", ["--no-rebuild-initramfs"], since: ["545"]),
        Flag("--allow-installation-with-running-driver", since: ["545"]),
        Flag("--skip-module-load", since: ["550"]),
        Flag("--kernel-module-type", ["-M"], since: ["555"], takesValue: true),
        Flag("--print-recommended-kernel-module-type", since: ["570"]),
    ]
}
