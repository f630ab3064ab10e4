public import Contract

/// What logs say, why, and what to do: every known text of a failure in one table, for both sides.
public enum FailureCatalogue {
}
