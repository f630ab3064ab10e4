import Testing

/// The suites that start servers and measure times. Side by side on two cores they would measure each other.
@Suite(.serialized) enum OneAtATime {}
