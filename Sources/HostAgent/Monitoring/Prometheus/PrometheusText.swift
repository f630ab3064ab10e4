/// A snapshot as Prometheus reads it. Pure.
///
/// What is not known now is not there: a sample that is not fresh is left out, so that its series end instead of going flat;
/// of a machine that is stopped nothing but `nvidia_gpu_machine_up` 0 remains.
public struct PrometheusText: Sendable {
    /// The content type of what ``document(of:)`` gives.
    public var contentType: String {
        switch format {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    private let format: Exposition.Format
    private let dcgmNames: Bool

    /// - Parameters:
    ///   - accept: The Accept header of the request: OpenMetrics is given to who asks for it.
    ///   - dcgmNames: The GPUs' series also under dcgm-exporter's names, labels and units.
    public init(accept: String = "", dcgmNames: Bool = false) {
        format = accept.contains("application/openmetrics-text") ? .openMetrics : .prometheus
        self.dcgmNames = dcgmNames
    }

    /// The document, to be written piece by piece.
    public func document(of snapshot: TelemetrySnapshot) -> PrometheusDocument {
        let machines = MachineFamilies(snapshot.machines, at: snapshot.time)
        let gpus = GPUFamilies(machines.fresh)
        return PrometheusDocument(machines.families + gpus.families + (dcgmNames ? gpus.dcgm : []), format)
    }

    /// The whole document at once.
    public func bytes(of snapshot: TelemetrySnapshot) -> [UInt8] {
        var document = document(of: snapshot)
        var (all, piece): ([UInt8], [UInt8]) = ([], [])
        while document.next(into: &piece) { all += piece }
        return all
    }
}
