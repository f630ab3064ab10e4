import Contract
import GPUReadings
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Monitoring
import NIOCore

/// Answers requests. Reads only: no request changes anything.
struct TelemetryResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let content: TelemetryServer.Content
    let rule: AccessRule

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response = answer(request)
        for (name, value) in Self.headers { response.headers[name] = value }
        if request.method == .head { response.body = ResponseBody() }
        return response
    }

    /// Nothing from elsewhere, nothing inline, shown in nobody's frame, told to nobody.
    private static let headers: [(HTTPField.Name, String)] = {
        let named = [
            ("Content-Security-Policy", Page.contentSecurityPolicy),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        return named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }()

    private func answer(_ request: Request) -> Response {
        let query = Query(request.uri.query)
        let cookies = request.headers[values: .cookie].joined(separator: ";")
        let decision = rule.decide(
            AccessRule.Request(
                host: request.head.authority, authorization: request.headers[.authorization], cookies: cookies,
                queryToken: query["token"]))
        switch decision {
        case .misdirected:
            return Self.words(.misdirectedRequest, "This endpoint answers to localhost and 127.0.0.1 only.")
        case .unauthorized:
            var refusal = Self.words(.unauthorized, "A token is needed: /?token=TOKEN, or Authorization: Bearer TOKEN.")
            refusal.headers[.wwwAuthenticate] = "Bearer"
            return refusal
        case .welcomed:
            var welcome = Response(status: .seeOther)
            welcome.headers[.location] = "/"
            welcome.headers[.setCookie] =
                "\(AccessRule.cookie)=\(query["token"] ?? ""); Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
            return welcome
        case .allowed: break
        }
        guard request.method == .get || request.method == .head else {
            var refusal = Self.words(.methodNotAllowed, "Only GET and HEAD.")
            refusal.headers[.allow] = "GET, HEAD"
            return refusal
        }
        do {
            return try route(request, query)
        } catch let failure as Failure {
            let status: HTTPResponse.Status = failure.code == .optionInvalid ? .badRequest : .internalServerError
            return Self.words(status, "\(failure.message) \(failure.remedy)")
        } catch {
            return Self.words(.internalServerError, "\(error)")
        }
    }

    private func route(_ request: Request, _ query: Query) throws -> Response {
        switch request.uri.path {
        case "/metrics":
            let text = PrometheusText(accept: request.headers[.accept] ?? "", dcgmNames: content.dcgmNames)
            return Self.metrics(text, of: content.hub.snapshot(at: content.clock(), histories: false))
        case "/api/v1/machines":
            let histories = query["history"] == "1"
            var snapshot = content.hub.snapshot(at: content.clock(), histories: histories)
            if let machine = query["vm"] { snapshot.machines.removeAll { $0.name != machine } }
            return Self.json(SnapshotJSON(snapshot, histories: histories).bytes)
        case "/api/v1/history":
            let query = try query.history(now: content.clock())
            let series = try content.history?.series(query) ?? live(query)
            return Self.json(HistoryJSON(series, of: query).bytes)
        case "/api/v1/events":
            guard let history = content.history else { return Self.noHistory }
            let now = content.clock()
            let events = try history.events(
                of: query["vm"], from: try query.number("from") ?? now - 86400, to: try query.number("to") ?? now + 60,
                limit: 1000)
            return Self.json(EventsJSON(events).bytes)
        case "/api/v1/stream": return Self.stream(content, machine: query["vm"])
        case let path:
            guard let file = content.files[path] else { return Self.words(.notFound, "There is nothing at \(path).") }
            return Self.bytes(file.bytes, type: file.type)
        }
    }

    /// What memory has, where nothing is kept.
    private func live(_ query: HistoryQuery) -> HistorySeries {
        let machines = content.hub.snapshot(at: content.clock()).machines
        return machines.first { $0.name == query.machine }.map { LiveHistory.series(query, of: $0) }
            ?? HistorySeries(step: 0, points: [])
    }

    private static let noHistory = words(
        .notFound, "No history is kept: run provision-gpu-vm telemetry --collect.")

    // MARK: Answers

    private static func words(_ status: HTTPResponse.Status, _ words: String) -> Response {
        var response = bytes(Array("\(Printable.line(words))\n".utf8), type: "text/plain; charset=utf-8")
        response.status = status
        return response
    }

    private static func json(_ bytes: [UInt8]) -> Response { Self.bytes(bytes, type: "application/json") }

    private static func bytes(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Many megabytes of a large host: each piece goes out while the next is written, and none waits in memory for a slow reader.
    private static func metrics(_ text: PrometheusText, of snapshot: TelemetrySnapshot) -> Response {
        let body = ResponseBody { writer in
            var document = text.document(of: snapshot)
            var piece: [UInt8] = []
            while document.next(into: &piece) { try await writer.write(ByteBuffer(bytes: piece)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: text.contentType], body: body)
    }

    /// Server-sent events: the whole of what is known, when something changed, and every few seconds even where nothing did: a
    /// reader that hears nothing takes the host for lost, and ages grow without anybody's saying so.
    private static func stream(_ content: TelemetryServer.Content, machine: String?) -> Response {
        let body = ResponseBody { writer in
            let (occasions, feed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let changes = Task { for await _ in content.hub.updates() { feed.yield() } }
            let beat = Task {
                while !Task.isCancelled {
                    try? await Task.sleep(for: beatInterval)
                    feed.yield()
                }
            }
            defer {
                changes.cancel()
                beat.cancel()
            }
            for await _ in occasions {
                var snapshot = content.hub.snapshot(at: content.clock(), histories: false)
                if let machine { snapshot.machines.removeAll { $0.name != machine } }
                var buffer = ByteBuffer()
                buffer.writeString("event: snapshot\ndata: ")
                buffer.writeBytes(SnapshotJSON(snapshot).bytes)
                buffer.writeString("\n\n")
                try await writer.write(buffer)
                // Samples of many machines come one by one; together they are one snapshot.
                try await Task.sleep(for: shortestInterval)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }

    private static let beatInterval = Duration.seconds(3)
    private static let shortestInterval = Duration.milliseconds(500)
}
