public import Telemetry

/// What a message changed: for whoever keeps it.
public enum TelemetryNews: Equatable, Sendable {
    /// Measured at this time of the host's clock, seconds since 1970.
    case sample(TelemetrySample, at: Double)
    case xid(TimedXid)
    /// The sampler's state became another.
    case sampler(SamplerState, detail: String, at: Double)
    /// The link became another.
    case link(TelemetryLink, at: Double)
}

extension MachineTelemetry {
    /// The oldest message that is believed: a guest keeps no more than hours.
    public static let ageLimit = 86400.0
    /// Different Xid errors that are counted apart; the known numbers are below 200.
    public static let xidKeyLimit = 256

    /// Takes a message that arrived at `arrival`, seconds since 1970. Pure.
    ///
    /// What came before is passed over, by its sampler and sequence; what cannot be is counted as nonsense.
    public mutating func take(_ message: TelemetryMessage, at arrival: Double) -> TelemetryNews? {
        heardAt = max(heardAt ?? arrival, arrival)
        guard message.ageSeconds <= Self.ageLimit else {
            losses.nonsense += 1
            return nil
        }
        let time = arrival - message.ageSeconds
        switch message.body {
        case .hello(let hello):
            if hello.sampler != self.hello?.sampler { lastSequence = 0 }
            self.hello = hello
            return nil
        case .status(let status):
            let news = status.state != self.status?.state
            self.status = status
            losses.droppedInGuest = max(0, status.dropped)
            return news ? .sampler(status.state, detail: status.detail, at: time) : nil
        case .sample(let sample): return isNew(message) ? take(sample, at: time) : nil
        case .xid(let xid): return isNew(message) ? take(xid, at: time) : nil
        case .unknown: return nil
        }
    }

    /// Takes how it is reached now.
    public mutating func take(_ link: TelemetryLink, at time: Double) -> TelemetryNews? {
        guard link != self.link || linkedAt == nil else { return nil }
        self.link = link
        linkedAt = time
        return .link(link, at: time)
    }

    private mutating func isNew(_ message: TelemetryMessage) -> Bool {
        // 0 is not numbered: nothing to recognise it by.
        guard message.sequence > 0 else { return true }
        guard message.sequence > lastSequence else { return false }
        lastSequence = message.sequence
        return true
    }

    private mutating func take(_ sample: TelemetrySample, at time: Double) -> TelemetryNews? {
        var sample = sample
        var seen: Set<Int> = []
        // Two GPUs of one number would be one series with two values, for which Prometheus refuses the whole scrape.
        sample.gpus.removeAll { !(0...Self.highestIndex).contains($0.index) || !seen.insert($0.index).inserted }
        if (sampledAt ?? 0) <= time {
            self.sample = sample
            sampledAt = time
        }
        for gpu in sample.gpus {
            history[gpu.index, default: GPUHistory()].append(GPUHistory.Point(time: time, of: gpu))
        }
        if history.count > TelemetryLimits.gpus {
            history = history.filter { seen.contains($0.key) }
        }
        return .sample(sample, at: time)
    }

    /// No machine has more GPUs than a few; beyond that it is a lie.
    private static let highestIndex = 4095

    private mutating func take(_ xid: XidEvent, at time: Double) -> TelemetryNews? {
        guard (0...9999).contains(xid.code) else {
            losses.nonsense += 1
            return nil
        }
        let event = TimedXid(time: time, event: xid)
        events.append(event)
        if events.count > Self.eventLimit { events.removeFirst(events.count - Self.eventLimit) }
        let key = XidKey(pciAddress: xid.pciAddress ?? "", code: xid.code)
        if xidCounts[key] != nil || xidCounts.count < Self.xidKeyLimit {
            xidCounts[key, default: 0] += 1
        }
        return .xid(event)
    }
}
