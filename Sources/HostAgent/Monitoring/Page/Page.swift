/// The web page, embedded in the binary: it needs no file beside it and nothing from the network.
///
/// It asks for `api/v1/stream` and `api/v1/history` beside itself, and works under the policy ``contentSecurityPolicy``.
public enum Page {
    /// Paths without their first slash ("" is the page itself), what they are, and what they hold.
    public static let files: [String: (type: String, bytes: [UInt8])] = [
        "": ("text/html; charset=utf-8", PackageResources.index_html),
        "app.js": ("text/javascript; charset=utf-8", PackageResources.app_js),
        "chart.js": ("text/javascript; charset=utf-8", PackageResources.chart_js),
        "style.css": ("text/css; charset=utf-8", PackageResources.style_css),
        "icon.svg": ("image/svg+xml", PackageResources.icon_svg),
    ]

    /// Nothing but its own files, and not in a frame of somebody else's.
    public static let contentSecurityPolicy =
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
}
