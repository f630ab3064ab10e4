/// What a terminal can show, by its environment.
public struct TerminalCapabilities: Equatable, Sendable {
    /// Colours that it has.
    public enum Colours: Sendable { case none, sixteen, many }

    public var colours: Colours
    /// Whether it shows UTF-8.
    public var isUnicode: Bool
    /// Whether the cursor can be moved at all: not on TERM=dumb.
    public var canMove: Bool
    /// Local time less UTC, for the clock.
    public var secondsFromUTC: Int

    /// As told.
    public init(colours: Colours, isUnicode: Bool, canMove: Bool = true, secondsFromUTC: Int = 0) {
        self.colours = colours
        self.isUnicode = isUnicode
        self.canMove = canMove
        self.secondsFromUTC = secondsFromUTC
    }

    /// By the variables that terminals and users set: NO_COLOR (any text), TERM, COLORTERM, and the locale's as POSIX ranks them.
    public init(environment: [String: String], secondsFromUTC: Int = 0) {
        let term = environment["TERM"] ?? ""
        let isDumb = term.isEmpty || term == "dumb"
        let colourTerm = environment["COLORTERM"] ?? ""
        if isDumb || !(environment["NO_COLOR"] ?? "").isEmpty || term.hasSuffix("-m") || term.hasPrefix("vt1") {
            colours = .none
        } else if term.contains("256color") || term.contains("direct") || colourTerm == "truecolor"
            || colourTerm == "24bit"
        {
            colours = .many
        } else {
            colours = .sixteen
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        // The Linux console has no braille in its fonts.
        isUnicode = (name.contains("utf-8") || name.contains("utf8")) && term != "linux" && !isDumb
        canMove = !isDumb
        self.secondsFromUTC = secondsFromUTC
    }
}
