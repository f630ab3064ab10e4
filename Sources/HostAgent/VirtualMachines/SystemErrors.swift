import SystemPackage

/// The system's words for an errno: "No such file or directory". Thread-safe, unlike `strerror`.
func errorText(_ number: Int32) -> String {
    Errno(rawValue: number).description
}
