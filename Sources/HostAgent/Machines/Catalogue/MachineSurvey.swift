import Contract
import FoundationEssentials
import Host
import Provisioner
import VirtualMachines

/// All VMs that this tool knows of, by looking at files and processes alone: no socket is asked, so that nothing hangs.
public struct MachineSurvey: Sendable {
    private let state: String
    private let now: Double

    /// Those below `state`. `now`: seconds since 1970, this moment's without.
    public init(state: String, now: Double? = nil) {
        self.state = state
        self.now = now ?? Date().timeIntervalSince1970
    }

    /// VMs of `start`, living or not, then those of runs that live.
    public func all() -> [MachineFacts] {
        MachineHome.all(state: state).map(machine) + runs()
    }

    /// The VM of `start` in `home`.
    func machine(_ home: MachineHome) -> MachineFacts {
        var facts = MachineFacts(
            name: home.name, kind: .machine, state: .stopped, words: [], image: "", isSnapshot: false, gpus: [],
            forwards: [],
            folder: home.path)
        do {
            if let stored = try home.load() {
                facts.image = stored.image
                facts.isSnapshot = stored.isSnapshot
                facts.sshPort = stored.sshPort
                facts.forwards = stored.forwards ?? []
                facts.user = stored.user
            }
            try look(home.vmFolder, into: &facts)
            if facts.state == .stopped, LockFile.isTaken(home.lockPath) { facts.state = .starting }
        } catch {
            facts.state = .unknown
            facts.words = [(error as? Failure)?.message ?? "\(error)"]
        }
        return facts
    }

    private func runs() -> [MachineFacts] {
        StoredRun.all(state: state).flatMap { run in
            StoredRun.Part.allCases.map { facts(of: run, $0) }.filter { $0.state == .running || $0.state == .unknown }
        }
    }

    /// A VM of a run.
    func facts(of run: StoredRun, _ part: StoredRun.Part) -> MachineFacts {
        var facts = MachineFacts(
            name: run.name, kind: part.kind, state: .stopped, words: [], image: "", isSnapshot: false, gpus: [],
            forwards: [],
            folder: run.folder)
        do {
            if let known = try run.facts() {
                facts.image = known.image
                facts.user = known.contact?.user
            }
            try look(run.machineFolder(part), into: &facts)
        } catch {
            facts.state = .unknown
            facts.words = [(error as? Failure)?.message ?? "\(error)"]
        }
        return facts
    }

    /// What stands in vm.json, and what /proc says to it.
    private func look(_ folder: String, into facts: inout MachineFacts) throws {
        guard let (record, lives) = try MachineRecord.look(in: folder) else { return }
        let specification = record.specification
        facts.gpus = specification.gpus.map(\.words)
        facts.sshPort = specification.sshPort
        facts.forwards = specification.forwards ?? []
        facts.launchedAt = record.launchedAt
        facts.cpus = specification.cpus
        facts.memoryBytes = specification.memoryBytes
        if facts.image.isEmpty { facts.image = specification.diskPath }
        if lives {
            facts.state = .running
            facts.pid = record.pid
            facts.uptimeSeconds = max(0, now - record.launchedAt)
        } else if MachineFolder(folder).hasSockets {
            facts.state = .crashed
            facts.words =
                record.hostBootID == hostBootID()
                ? Array(MachineFolder(folder).lastWords(of: record).suffix(3)) : ["The host was restarted meanwhile."]
        }
    }
}

extension StoredRun {
    /// The VM of it that lives, else the one that is provisioned.
    var currentPart: Part {
        Part.allCases.first { (try? MachineRecord.look(in: machineFolder($0)))?.lives == true } ?? .provisioning
    }
}

extension StoredRun.Part {
    fileprivate var kind: MachineFacts.Kind {
        switch self {
        case .provisioning: .provisioning
        case .proof: .proof
        case .dryRun: .dryRun
        }
    }
}

extension GPUAttachment {
    /// For a table: the address, or what it is.
    var words: String {
        switch self {
        case .simulated: "simulated"
        case .awaited: "an empty port"
        case .vfio(let address, _): "\(address)"
        }
    }
}
