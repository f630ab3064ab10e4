import Contract

/// What a file is that the user brings along, by its first bytes.
enum SuppliedFile: Equatable {
    /// A tar archive, or something compressed, which is taken for one.
    case archive
    /// A program for the guest's processor.
    case program
    /// Anything else, in words.
    case other(String)

    init(prefix: [UInt8]) {
        let compressed: [[UInt8]] = [
            [0x1f, 0x8b], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], Array("BZh".utf8), [0x28, 0xb5, 0x2f, 0xfd],
        ]
        if compressed.contains(where: { prefix.starts(with: $0) })
            || prefix.dropFirst(257).starts(with: Array("ustar".utf8))
        {
            self = .archive
        } else if prefix.starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
            // e_machine 62 is x86_64.
            self =
                prefix.count > 19 && prefix[4] == 2 && prefix[18] == 62 && prefix[19] == 0
                ? .program : .other("a program for another processor than x86_64")
        } else if prefix.starts(with: Array("PK\u{3}\u{4}".utf8)) {
            self = .other("a zip file; unpack it and name the folder")
        } else if prefix.isEmpty {
            self = .other("an empty file")
        } else {
            self = .other("neither a tar archive (gzip, xz, bzip2, zstd or plain) nor a folder")
        }
    }
}

/// The packages of a folder, by their names.
enum PackageKind: String, CaseIterable {
    case deb, rpm, arch

    init?(fileName: String) {
        if fileName.hasSuffix(".deb") {
            self = .deb
        } else if fileName.hasSuffix(".rpm") {
            self = .rpm
        } else if fileName.contains(".pkg.tar"), !fileName.hasSuffix(".sig") {
            self = .arch
        } else {
            return nil
        }
    }

    /// How its files end.
    var ending: String {
        switch self {
        case .deb: ".deb"
        case .rpm: ".rpm"
        case .arch: ".pkg.tar.zst"
        }
    }
}

/// A key or a certificate for signing kernel modules, judged by its text.
enum SigningFile {
    /// Why `bytes` are no private key that the kernel's sign-file can use without asking; nil where they are one.
    static func problem(ofKey bytes: [UInt8]) -> (message: String, remedy: String)? {
        let text = String(decoding: bytes, as: UTF8.self)
        let heads = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("-----BEGIN ") }
        guard let head = heads.first(where: { $0.contains("PRIVATE KEY") }) else {
            return (
                heads.contains { $0.contains("CERTIFICATE") } ? "is a certificate" : "is no PEM private key",
                "Name the private key, PEM, with --module-signing-key."
            )
        }
        // PKCS #8 says it in its first line, older formats in a header.
        if head.contains("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return (
                "is encrypted; nobody could answer for its passphrase in the guest",
                "Give one without a passphrase, made for this: openssl pkey -in KEY -out PLAIN (and chmod 600 PLAIN)."
            )
        }
        if head.contains("OPENSSH") {
            return (
                "is an OpenSSH key",
                "Make one for modules: openssl req -new -x509 -newkey rsa:2048 -nodes -keyout KEY …"
            )
        }
        return nil
    }

    /// Why `bytes` are no certificate, DER or PEM; nil where they look like one.
    static func problem(ofCertificate bytes: [UInt8]) -> (message: String, remedy: String)? {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("-----BEGIN CERTIFICATE-----") { return nil }
        // An ASN.1 sequence with a length of two bytes: every certificate of a usual size.
        if bytes.starts(with: [0x30, 0x82]) { return nil }
        return (
            text.contains("PRIVATE KEY") ? "is a private key" : "is no certificate, neither PEM nor DER",
            "Name the certificate whose key the guest's firmware knows with --module-signing-certificate."
        )
    }
}
