import Contract

extension CatalogueEntry {
    /// Package managers' texts: apt and dpkg, yum and dnf, zypper, pacman.
    static let packages: [CatalogueEntry] = [
        CatalogueEntry(
            "packages.locked", .packagesLocked, .guest, [.packages], .root,
            says: [
                "is locked by another process", "Could not get lock {file}", "Unable to lock directory {folder}",
                "Unable to acquire the dpkg frontend lock", "Unable to lock the administration directory",
                "Another app is currently holding the yum lock", "another copy is running as pid {process}",
                "System management is locked by the application with pid {process}", "unable to lock database",
                "Failed to obtain the transaction lock", "can't create transaction lock on",
            ],
            message: "Another process, mostly the system's own upgrade, holds the package manager.",
            remedy: "Wait for it (`fuser -v /var/lib/dpkg/lock-frontend` names it) and try again.", retryable: true),
        CatalogueEntry(
            "packages.interrupted", .prerequisites, .guest, [.packages], .root,
            says: [
                "dpkg was interrupted, you must manually run", "Unmet dependencies. Try 'apt --fix-broken install'",
                "Unmet dependencies. Try 'apt-get -f install'",
            ],
            message: "An earlier installation of packages was cut short.",
            remedy: "Run `dpkg --configure -a` and `apt-get -f install` in the image."),
        CatalogueEntry(
            "packages.unreachable", .prerequisites, .guest, [.packages], .root,
            says: [
                "Temporary failure resolving '{host}'", "Could not resolve '{host}'", "Could not resolve host: {host}",
                "Cannot find a valid baseurl for repo: {repository}",
                "Failed to download metadata for repo '{repository}'",
                "Failed to synchronize cache for repo '{repository}'", "Cannot download repomd.xml",
                "failed retrieving file '{file}'", "connect (101: Network is unreachable)",
                LogPattern("Could not connect to {host}:80 (", reach: 80),
                LogPattern("Could not connect to {host}:443 (", reach: 80),
                LogPattern("Unable to connect to {host}:http", reach: 80), "Unable to connect to http",
            ],
            message: "The package sources cannot be reached.",
            remedy:
                "Look at the guest's network and name server. CentOS 7's mirror list is gone: use vault.centos.org. Without a"
                + " network use --offline.", retryable: true),
        CatalogueEntry(
            "packages.gone", .prerequisites, .guest, [.packages], .cause,
            says: [
                "Unable to locate package {package}", "has no installation candidate",
                "No match for argument: {package}", "Unable to find a match: {package}",
                "No package {package} available.",
                "No provider of '{package}' found", "target not found: {package}",
            ],
            message: "A package is not to be had from the image's sources.",
            remedy:
                "Add sources that have it (EPEL for dkms on RHEL and its kin), or update kernel and headers together.",
            yieldsTo: ["packages.unreachable"]),
        CatalogueEntry(
            "packages.not-found", .prerequisites, .guest, [.packages], .cause,
            says: [
                "404 Not Found [IP:", "Failed to fetch {address} 404 Not Found", "Status code: 404 for {address}",
                "HTTP Error 404 - Not Found", "does not have a Release file",
            ],
            message: "The package sources no longer have what the image's lists name.",
            remedy: "Refresh the lists; a distribution at its end has moved to an archive (archive.debian.org,"
                + " old-releases.ubuntu.com, vault.centos.org)."),
        CatalogueEntry(
            "packages.untrusted", .prerequisites, .guest, [.packages], .root,
            says: [
                "NO_PUBKEY {key}", "The repository '{repository}' is not signed", "Release file … is not valid yet",
                "Release file … is expired",
                "GPG check FAILED", "Failing package is: {package}", "certificate has expired",
                "certificate is not yet valid", "SSL certificate problem", "Certificate verification failed",
                "x509: certificate",
            ],
            message: "A package source is not trusted: a key is missing, or the clock is wrong.",
            remedy: "Look at the guest's clock first; then install the source's key or the ca-certificates."),
        CatalogueEntry(
            "packages.no-space", .guestSpace, .guest, [.packages], .root,
            says: [
                "You don't have enough free space in {folder}",
                "At least {size} more space needed on the {folder} filesystem", "Partition {folder} too full",
            ],
            message: "The guest's disk is too small for the packages.", remedy: "Grow the disk (--disk-size)."),
    ]
}
