/// `argument` as one word of a POSIX shell command, whatever is in it.
///
/// Plain words stay as they are, so that logged commands stay readable.
public func shellQuote(_ argument: String) -> String {
    let plain = argument.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_-./:,+@%".utf8.contains(byte)
        }
    }
    if plain && !argument.isEmpty { return argument }
    // Split over unicode scalars: as a Character, a quote followed by a combining mark would not equal "'".
    var quoted = "'"
    for scalar in argument.unicodeScalars {
        if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return quoted + "'"
}
