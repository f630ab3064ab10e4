import FoundationEssentials

/// The user's private key and its certificate, as far as they can be judged without openssl.
struct SigningMaterial: Equatable {
    /// The certificate, DER.
    var certificate: [UInt8]
    /// Its subject key identifier (extension 2.5.29.14), by which the kernel names it.
    var keyID: [UInt8]?

    /// Why a pair cannot be used.
    enum Unfit: Error, Equatable {
        case noPrivateKey
        case encryptedKey
        case noCertificate
        /// The certificate is of another key.
        case mismatch

        var message: String {
            switch self {
            case .noPrivateKey: "The signing key is no private key in PEM."
            case .encryptedKey: "The signing key is encrypted, and nobody is there to type its passphrase."
            case .noCertificate: "The signing certificate is no X.509 certificate, neither in PEM nor in DER."
            case .mismatch: "The signing certificate is not that of the signing key."
            }
        }

        var remedy: String {
            switch self {
            case .noPrivateKey: "Give the private key in PEM (`-----BEGIN PRIVATE KEY-----`)."
            case .encryptedKey: "Give the key without a passphrase: `openssl pkey -in KEY -out PLAIN-KEY`."
            case .noCertificate: "Give the certificate that is enrolled, in PEM or DER."
            case .mismatch: "Give the certificate that was made with this key."
            }
        }
    }

    /// Judges a key (PEM) and a certificate (PEM or DER).
    init(key: [UInt8], certificate: [UInt8]) throws(Unfit) {
        let keyText = String(decoding: key, as: UTF8.self)
        if keyText.contains("BEGIN ENCRYPTED PRIVATE KEY") || keyText.contains("Proc-Type: 4,ENCRYPTED") {
            throw .encryptedKey
        }
        guard let (label, keyDER) = Self.pem(keyText, labelled: "PRIVATE KEY") else { throw .noPrivateKey }
        let text = String(decoding: certificate, as: UTF8.self)
        let der = Self.pem(text, labelled: "CERTIFICATE")?.der ?? certificate
        guard let parts = Self.certificateParts(der) else { throw .noCertificate }
        self.certificate = der
        keyID = parts.keyID
        // RSA keys hold the modulus of the certificate. Others are left to the kernel, which refuses a wrong signature.
        guard let modulus = parts.modulus else { return }
        guard let found = Self.modulus(ofKey: keyDER, label: label) else { throw .mismatch }
        if found != modulus { throw .mismatch }
    }

    /// The first PEM block whose label ends with `ending`.
    static func pem(_ text: String, labelled ending: String) -> (label: String, der: [UInt8])? {
        var label: String?
        var base64 = ""
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN ") {
                let found = line.dropFirst(11).prefix { $0 != "-" }
                label = found.hasSuffix(ending) ? String(found) : nil
                base64 = ""
            } else if line.hasPrefix("-----END ") {
                if let label, let data = Data(base64Encoded: base64), !data.isEmpty { return (label, Array(data)) }
                label = nil
            } else if label != nil {
                base64 += line.filter { !$0.isWhitespace }
            }
        }
        return nil
    }

    /// RFC 5280, 4.1: Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version OPTIONAL, serialNumber, signature,
    /// issuer, validity, subject, subjectPublicKeyInfo, …, [3] extensions }, … }
    private static func certificateParts(_ der: [UInt8]) -> (modulus: [UInt8]?, keyID: [UInt8]?)? {
        guard let outer = DERElement.one(in: der[...]), outer.tag == DERElement.sequence,
            let parts = outer.children, parts.count == 3, parts[0].tag == DERElement.sequence,
            var fields = parts[0].children
        else { return nil }
        if fields.first?.tag == 0xa0 { fields.removeFirst() }
        guard fields.count >= 6, fields[0].tag == DERElement.integer, fields[5].tag == DERElement.sequence,
            let info = fields[5].children, info.count == 2, info[1].tag == DERElement.bitString
        else { return nil }
        // RSAPublicKey ::= SEQUENCE { modulus, publicExponent }, behind the count of unused bits.
        let key = DERElement.one(in: info[1].contents.dropFirst())
        let numbers = key?.tag == DERElement.sequence ? key?.children : nil
        let modulus = numbers?.first.map { Array($0.contents) }
        return (modulus, keyID(fields.last { $0.tag == 0xa3 }))
    }

    private static func keyID(_ extensions: DERElement?) -> [UInt8]? {
        guard let list = extensions.flatMap({ DERElement.one(in: $0.contents)?.children }) else { return nil }
        for entry in list {
            guard let parts = entry.children, parts.first?.contents.elementsEqual([0x55, 0x1d, 0x0e]) == true,
                let value = parts.last, let id = DERElement.one(in: value.contents), id.tag == DERElement.octetString
            else { continue }
            return Array(id.contents)
        }
        return nil
    }

    /// RFC 8017: RSAPrivateKey ::= SEQUENCE { version, modulus, … }; RFC 5208 wraps it: SEQUENCE { version, algorithm,
    /// OCTET STRING }.
    private static func modulus(ofKey der: [UInt8], label: String) -> [UInt8]? {
        guard var fields = DERElement.one(in: der[...])?.children else { return nil }
        if label == "PRIVATE KEY" {
            guard fields.count >= 3, fields[2].tag == DERElement.octetString,
                let inner = DERElement.one(in: fields[2].contents)?.children
            else { return nil }
            fields = inner
        }
        guard fields.count >= 2, fields[1].tag == DERElement.integer else { return nil }
        return Array(fields[1].contents)
    }
}
