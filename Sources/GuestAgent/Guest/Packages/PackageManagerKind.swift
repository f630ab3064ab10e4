/// Who installs packages.
public enum PackageManagerKind: String, Sendable {
    case apt, yum, dnf, zypper, pacman

    /// What a person types before the names.
    public var installWords: String {
        switch self {
        case .apt: "apt-get install"
        case .yum: "yum install"
        case .dnf: "dnf install"
        case .zypper: "zypper install"
        case .pacman: "pacman -S"
        }
    }
}
