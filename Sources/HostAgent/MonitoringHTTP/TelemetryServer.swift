import Contract
import Hummingbird
import HummingbirdCore
import Logging
public import Monitoring
import NIOCore
import ServiceLifecycle

/// The HTTP endpoint of what is collected: /metrics, the JSON API and the page.
public struct TelemetryServer: Sendable {
    /// What it serves.
    public struct Content: Sendable {
        public var hub: TelemetryHub
        /// The past; nil where none is kept.
        public var history: (any TelemetryHistory)?
        /// Series also under dcgm-exporter's names.
        public var dcgmNames: Bool
        /// The page's files by path ("/", "/page.js"): content type and bytes.
        public var files: [String: (type: String, bytes: [UInt8])]
        /// Seconds since 1970.
        public var clock: @Sendable () -> Double

        public init(
            hub: TelemetryHub, history: (any TelemetryHistory)? = nil, dcgmNames: Bool = false,
            files: [String: (type: String, bytes: [UInt8])] = [:], clock: @escaping @Sendable () -> Double
        ) {
            self.hub = hub
            self.history = history
            self.dcgmNames = dcgmNames
            self.files = files
            self.clock = clock
        }
    }

    private let address: ServeAddress
    private let content: Content
    private let rule: AccessRule

    /// More at a time wait in the kernel's queue.
    private static let connections = 64
    /// Of a request's head.
    private static let headBytes = 16 << 10

    /// - Parameter token: Required where `address` is not loopback.
    public init(address: ServeAddress, content: Content, token: String?) {
        self.address = address
        self.content = content
        rule = AccessRule(token: token)
    }

    /// Serves until the task is cancelled; `ready` is told the port that it listens on. Throws a ``Contract/Failure`` where it
    /// cannot listen there.
    public func run(ready: @escaping @Sendable (_ port: Int) -> Void = { _ in }) async throws {
        let responder = TelemetryResponder(content: content, rule: rule)
        // What fails here is told to the client or to the caller; a log of a library's is nobody's.
        let logger = Logger(label: "telemetry") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headBytes, maxHeaderListSize: Self.headBytes, maxHeaderFieldCount: 64))
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections, logger: logger)),
            onServerRunning: { channel in ready(channel.localAddress?.port ?? 0) },
            logger: logger)
        // In a task of its own that is never cancelled: a cancelled server drops connections that it has just accepted, at which NIO
        // traps ("Deinited NIOAsyncWriter"). It is told to accept no more instead, and streams are cut a moment later.
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(1)
        let group = ServiceGroup(configuration: configuration)
        let serving = Task { try await group.run() }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                Task { await group.triggerGracefulShutdown() }
            }
        } catch {
            guard !Task.isCancelled else { return }
            throw Failure(
                .portUnavailable, operation: "serve telemetry", message: "\(address) cannot be listened on: \(error)",
                remedy: "Choose another with --serve ADDRESS:PORT, or stop what listens there.", retryable: true,
                side: .host)
        }
    }
}
