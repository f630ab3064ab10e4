/// The outputs that are read. The raw values are a documented interface (`parse --kind`, the key `kind` of its JSON): none is
/// ever renamed or given another meaning.
public enum OutputKind: String, CaseIterable, Codable, Sendable {
    /// `nvidia-smi`: the table.
    case smiTable = "smi-table"
    /// `nvidia-smi -q`, or a part of it.
    case smiText = "smi-text"
    /// `nvidia-smi -q -x`.
    case smiXML = "smi-xml"
    /// `nvidia-smi --query-gpu=… --format=csv` and its like for programs and pages.
    case smiCSV = "smi-csv"
    /// `nvidia-smi -L`.
    case smiList = "smi-list"
    /// `nvidia-smi topo -m`.
    case smiTopology = "smi-topology"
    /// `nvidia-smi dmon`.
    case smiDeviceMonitor = "smi-dmon"
    /// `nvidia-smi pmon`.
    case smiProcessMonitor = "smi-pmon"
    /// `nvidia-smi --version`.
    case smiVersion = "smi-version"
    /// nvidia-smi's own words about why it could not do its work.
    case smiError = "smi-error"
    /// The CUDA sample deviceQuery or deviceQueryDrv.
    case deviceQuery = "devicequery"
    /// The CUDA sample bandwidthTest.
    case bandwidthTest = "bandwidthtest"
    /// nvbandwidth, text or JSON.
    case nvbandwidth
    /// `lspci` with any of `-k -n -nn -v -vmm -D`.
    case lspci
    /// The project's own gpu-probe.
    case gpuProbe = "gpu-probe"

    /// What it is, in a few words.
    public var summary: String {
        switch self {
        case .smiTable: "nvidia-smi (the table), 319 to 610"
        case .smiText: "nvidia-smi -q, whole or with -d, 340 to 610"
        case .smiXML: "nvidia-smi -q -x, 340 to 610"
        case .smiCSV: "nvidia-smi --query-gpu, --query-compute-apps, --query-accounted-apps, --query-retired-pages"
        case .smiList: "nvidia-smi -L"
        case .smiTopology: "nvidia-smi topo -m"
        case .smiDeviceMonitor: "nvidia-smi dmon"
        case .smiProcessMonitor: "nvidia-smi pmon"
        case .smiVersion: "nvidia-smi --version, 550 to 610"
        case .smiError: "nvidia-smi saying why it failed"
        case .deviceQuery: "the CUDA samples deviceQuery and deviceQueryDrv, CUDA 3.2 to 13"
        case .bandwidthTest: "the CUDA sample bandwidthTest"
        case .nvbandwidth: "nvbandwidth, text or JSON"
        case .lspci: "lspci, with -k -n -nn -nnk -v -vv -vmm -D"
        case .gpuProbe: "gpu-probe, the project's own JSON"
        }
    }

    /// Whether it is printed by nvidia-smi about GPUs, so that complaints about single GPUs can stand before it.
    var isOfSMI: Bool {
        switch self {
        case .smiTable, .smiText, .smiXML, .smiCSV, .smiList, .smiTopology, .smiDeviceMonitor, .smiProcessMonitor: true
        default: false
        }
    }

    /// Whether each of its rows stands for itself, below headings that are printed once.
    var hasRows: Bool { self == .smiCSV || self == .smiDeviceMonitor || self == .smiProcessMonitor }
}
